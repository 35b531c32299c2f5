Import(rules=['models/base.sml'])

IsProfile = ActionName == 'profile_changed'
