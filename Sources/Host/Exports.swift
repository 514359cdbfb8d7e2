// A stack is called, and answers, in these types.
@_exported import ContractBridge
@_exported import Runtimes
