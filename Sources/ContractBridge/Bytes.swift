import CProviderABI

extension lsp_bytes {
    package static var empty: lsp_bytes { lsp_bytes(data: nil, size: 0) }

    package var isEmpty: Bool { data == nil || size == 0 }

    /// Borrowed as long as the bytes are.
    package var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: data, count: data == nil ? 0 : size) }

    /// NULL with a size is the other side's mistake: nil.
    package var copied: [UInt8]? {
        guard let data else { return size == 0 ? [] : nil }
        return [UInt8](UnsafeBufferPointer(start: data, count: size))
    }

    /// A copy. Bytes that are not UTF-8 become replacement characters.
    package var text: String { isEmpty ? "" : String(decoding: buffer, as: UTF8.self) }
}

extension String {
    /// Lends the text's UTF-8 to the other side for the duration of `use`.
    package func withBytes<Result>(_ use: (lsp_bytes) throws -> Result) rethrows -> Result {
        var text = self
        return try text.withUTF8 { try use(lsp_bytes(data: $0.baseAddress, size: $0.count)) }
    }
}

extension [UInt8] {
    /// Lends the bytes to the other side for the duration of `use`.
    package func withBytes<Result>(_ use: (lsp_bytes) throws -> Result) rethrows -> Result {
        try withUnsafeBufferPointer { try use(lsp_bytes(data: $0.baseAddress, size: $0.count)) }
    }
}
