import ProviderKit

/// A message of JSON-RPC 2.0 that a server sent.
enum RPCMessage: Sendable, Equatable {
    case answer(id: JSON, Result<JSON, RPCError>)
    case request(id: JSON, method: String)
    case notification(method: String)

    /// nil for bytes that are no single message: batches were a part of one revision, and no answer to ours is one.
    init?(parsing bytes: [UInt8]) {
        // Some systems write a byte order mark before all text; RFC 8259 lets a reader ignore it.
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
        guard let json = try? JSON(parsing: text, limits: MessageLimits.json) else { return nil }
        self.init(json)
    }

    init?(_ json: JSON) {
        guard let object = json.objectValue, object["jsonrpc"] == "2.0" else { return nil }
        if let method = object["method"]?.stringValue {
            self = object["id"].map { .request(id: $0, method: method) } ?? .notification(method: method)
        } else if let error = object["error"], error != .null || object["result"] == nil {
            self = .answer(id: object["id"] ?? .null, .failure(RPCError(error)))
        } else if let result = object["result"] {
            self = .answer(id: object["id"] ?? .null, .success(result))
        } else {
            return nil
        }
    }
}

/// The error that a server answers a request with.
struct RPCError: Error, Sendable, Equatable {
    var code: Int64
    var message: String
    var data = JSON.null

    static let methodNotFound: Int64 = -32601
    static let headerMismatch: Int64 = -32020
    static let missingCapability: Int64 = -32021
    static let unsupportedVersion: Int64 = -32022

    /// Only a server of the stateless era answers with these.
    var isModern: Bool { [Self.headerMismatch, Self.missingCapability, Self.unsupportedVersion].contains(code) }
}

extension RPCError {
    /// Takes what is there of an error object.
    init(_ json: JSON) {
        if case .integer(let number)? = json["code"] { code = number } else { code = 0 }
        message = json["message"]?.stringValue ?? "it did not say why"
        data = json["data"] ?? .null
    }
}

/// Messages to a server. A message is one line: JSON as we write it has no newline.
enum RPCText {
    static func request(id: Int64, _ method: String, _ params: JSONObject) -> [UInt8] {
        JSON.object([
            "jsonrpc": "2.0", "id": .integer(id), "method": .string(method), "params": .object(params),
        ]).bytes
    }

    static func notification(_ method: String, _ params: JSONObject) -> [UInt8] {
        var message: JSONObject = ["jsonrpc": "2.0", "method": .string(method)]
        if !params.isEmpty { message["params"] = .object(params) }
        return JSON.object(message).bytes
    }

    /// The answer to a server's request: it is refused, because no capability was declared; `ping` needs none.
    static func answer(toServerRequest method: String, id: JSON) -> [UInt8] {
        if method == "ping" { return JSON.object(["jsonrpc": "2.0", "id": id, "result": [:]]).bytes }
        return JSON.object([
            "jsonrpc": "2.0", "id": id,
            "error": [
                "code": .integer(RPCError.methodNotFound),
                "message": .string("this client declares no capability, so it does not answer \(method.prefix(80))"),
            ],
        ]).bytes
    }
}

/// How much is taken of one server.
enum MessageLimits {
    static let messageBytesMax = 4 << 20
    static let toolsMax = 256
    static let schemaBytesMax = 64 << 10
    static let descriptionBytesMax = 16 << 10
    /// As long as the protocol lets one be.
    static let nameBytesMax = 128
    static let pagesMax = 64
    /// A string may fill a message: images come as base64.
    static let json: JSONLimits = {
        var limits = JSONLimits()
        limits.stringBytesMax = messageBytesMax
        return limits
    }()
}
