import LlamaStackAPI

/// One call that the kit makes.
struct ProbeRequest: Sendable {
    var method: String
    var parameters: JSON = [:]
    var body: [UInt8] = []
    var options: JSON?
    /// The id of the model that it is about.
    var resource = ""
    /// It asks for a stream.
    var streams = false

    init(_ method: String, _ body: JSON? = nil, parameters: JSON = [:], resource: String = "", streams: Bool = false) {
        (self.method, self.parameters, self.resource, self.streams) = (method, parameters, resource, streams)
        self.body = body?.bytes ?? []
    }
}
