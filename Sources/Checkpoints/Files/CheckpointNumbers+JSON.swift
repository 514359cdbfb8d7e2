import LlamaStackAPI

extension CheckpointNumbers {
    /// The members of one object; null counts as absent.
    init(_ object: JSON, path: String, prefix: String = "") {
        func refuse(_ key: String, _ value: JSON, _ wanted: String) -> CheckpointError {
            CheckpointError(path: path, field: "'\(prefix)\(key)'", offset: nil, found: value.shown, wanted: wanted)
        }
        self.init(
            path: path, field: { "'\(prefix)\($0)'" },
            integer: { key in
                switch object[key] {
                case nil, .null: return nil
                case .integer(let number): if let exact = Int(exactly: number) { return exact }
                default: break
                }
                throw refuse(key, object[key] ?? .null, "an integer")
            },
            real: { key in
                guard let value = object[key], value != .null else { return nil }
                guard let number = value.numberValue, number.isFinite else { throw refuse(key, value, "a number") }
                return number
            })
    }
}
