# What more than one file looks at.
Author: Entity[str] = EntityJson(type='Account', path='$.item.author')
ItemKind: str = JsonData(path='$.item.kind')
ItemId: Entity[str] = EntityJson(type='Item', path='$.item.host_id')

IsComment = ItemKind == 'comment'
