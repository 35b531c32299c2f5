ActionName = GetActionName()

UserId: Entity[str] = EntityJson(
  type='UserId',
  path='$.did',
  required=False,
)

UserIp: Secret[str] = JsonData(path='$.ip', required=False)

OperationKind: Optional[str] = JsonData(
  path='$.operation.action',
  required=False,
)

IsOperation = OperationKind != None

Second: int = 1
Minute: int = Second * 60
Hour: int = Minute * 60
