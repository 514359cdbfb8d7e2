import CTestTLS

/// The certificate of `origin.test` and its key.
final class TLSServer: @unchecked Sendable {
    // Unchecked: OpenSSL counts and locks what the connections of one server share.
    let server: OpaquePointer

    init() throws {
        let folder = Origin.fixtures + "/tls"
        guard let server = test_tls_server_open(folder + "/cert.pem", folder + "/key.pem") else {
            throw OriginFailure("no TLS with the files of \(folder): \(Self.lastError)")
        }
        self.server = server
    }

    deinit { test_tls_server_close(server) }

    private static var lastError: String {
        var buffer = [CChar](repeating: 0, count: 256)
        test_tls_error(&buffer, buffer.count)
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
