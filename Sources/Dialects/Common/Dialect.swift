import LlamaStackAPI

/// A protocol that clients speak already, served beside the draft's routes: its own routes, and its own form of
/// errors. A dialect knows no provider: each of its routes is a translation around calls of the draft's endpoints.
package struct Dialect: Sendable {
    /// Its name for people: the tag of its routes in the document.
    package let name: String
    /// The path that all of its own paths begin with: what matches none of them below it is this dialect's 404.
    package let prefix: String
    package let endpoints: [DialectEndpoint]
    /// The body of an answer that is an error, and the data of an event that ends a stream with one.
    package let errorBody: @Sendable (DialectError) -> [UInt8]
    /// The schema of that body.
    package let errorSchema: Schema
    /// The status of an answer that is an error.
    package let errorStatus: @Sendable (ErrorCode) -> Int

    /// The header of answers that says how long they took, in milliseconds.
    package let timeHeader: String?

    package init(
        _ name: String, prefix: String, timeHeader: String? = nil, errorSchema: Schema,
        errorStatus: @escaping @Sendable (ErrorCode) -> Int,
        errorBody: @escaping @Sendable (DialectError) -> [UInt8], _ endpoints: [DialectEndpoint]
    ) {
        (self.name, self.prefix, self.timeHeader, self.endpoints) = (name, prefix, timeHeader, endpoints)
        (self.errorBody, self.errorSchema, self.errorStatus) = (errorBody, errorSchema, errorStatus)
    }

    /// Whether a request for this path is answered in this dialect, whatever becomes of it.
    package func owns(_ path: String) -> Bool {
        path == prefix || path.hasPrefix(prefix + "/")
            || endpoints.contains { $0.paths.contains { $0.match(path) != nil } }
    }
}
