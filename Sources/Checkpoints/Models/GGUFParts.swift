#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The files of a model that llama.cpp's `llama-gguf-split` has cut: `NAME-00001-of-00003.gguf`, which says what the
/// model is, and the others beside it, which hold tensors. A file that was not cut is the first of one.
///
/// The answer of `open` can be relied on: the parts are all there, in order, and no tensor is in two of them.
struct GGUFParts {
    let first: GGUFFile
    private(set) var others: [GGUFFile] = []

    static let partsMax = 1024

    init(first: GGUFFile) { self.first = first }

    var all: [GGUFFile] { [first] + others }

    /// - Parameter path: the first part's, as llama.cpp wants it too.
    static func open(path: String) throws -> GGUFParts {
        var parts = GGUFParts(first: try .open(path: path))
        guard let count = try parts.first.int(Key.count), count > 1 else { return parts }
        guard count <= partsMax else {
            throw parts.first.refuse("metadata '\(Key.count)'", "\(count)", "at most partsMax = \(partsMax)")
        }
        let names = try parts.names(count)
        let missing = names.filter { access($0, F_OK) != 0 }
        guard missing.isEmpty else {
            throw parts.first.refuse(
                "parts", "no \(missing.map { lastComponent($0) }.quotedList)",
                "all \(count) parts in one folder (was all of the model fetched?)")
        }
        for (index, name) in names.enumerated().dropFirst() {
            let part = try GGUFFile.open(path: name)
            try parts.check(part, at: index, of: count)
            parts.others.append(part)
        }
        try parts.checkTensors()
        return parts
    }

    fileprivate enum Key {
        static let number = "split.no"
        static let count = "split.count"
        static let tensors = "split.tensors.count"
        static let architecture = "general.architecture"
    }

    /// Paths of all parts, from the first one's.
    private func names(_ count: Int) throws -> [String] {
        let suffix = { (index: Int) in "-\(Self.digits(index + 1))-of-\(Self.digits(count)).gguf" }
        let name = Self.lastComponent(first.path).quotedForMessage()
        guard let number = try first.int(Key.number) else {
            throw first.refuse("metadata '\(Key.number)'", "no such key", "the part's number, from 0")
        }
        guard (0..<count).contains(number) else {
            throw first.refuse("metadata '\(Key.number)'", "\(number)", "0 to \(count - 1)")
        }
        guard number == 0 else {
            let stem = first.path.hasSuffix(suffix(number)) ? first.path.dropLast(suffix(number).count) : nil
            let wanted = stem.map { ", " + Self.lastComponent($0 + suffix(0)).quotedForMessage() } ?? ""
            throw first.refuse(
                "model", "part \(number + 1) of \(count)",
                "the first part\(wanted): it says what the model is, and the others are found beside it")
        }
        guard first.path.hasSuffix(suffix(0)) else {
            throw first.refuse(
                "name of the file", "\(name), which is part 1 of \(count)",
                "a name that ends with \(suffix(0)), as llama-gguf-split writes it: the others are found by it")
        }
        let stem = first.path.dropLast(suffix(0).count)
        return (0..<count).map { stem + suffix($0) }
    }

    /// Whether it belongs to the first.
    private func check(_ part: GGUFFile, at index: Int, of count: Int) throws {
        func require(_ key: String, _ wanted: Int?, _ isRequired: Bool = false) throws {
            let found = try part.int(key)
            guard found != nil || isRequired, found != wanted else { return }
            throw part.refuse(
                "metadata '\(key)'", found.map(String.init) ?? "no such key",
                "\(wanted.map(String.init) ?? "no such key"), as \(Self.lastComponent(first.path).quotedForMessage()) "
                    + "has it (are these parts of one model?)")
        }
        guard try part.int(Key.number) == index else {
            throw part.refuse(
                "metadata '\(Key.number)'", try part.int(Key.number).map(String.init) ?? "no such key",
                "\(index), as its name says")
        }
        try require(Key.count, count)
        try require(Key.tensors, first.int(Key.tensors))
        if let architecture = try part.string(Key.architecture), try first.string(Key.architecture) != architecture {
            throw part.refuse(
                "metadata '\(Key.architecture)'", architecture.quotedForMessage(),
                "that of the first part (are these parts of one model?)")
        }
    }

    private func checkTensors() throws {
        var places: [String: String] = [:]
        for part in all {
            for tensor in part.tensors {
                guard let other = places.updateValue(part.path, forKey: tensor.name) else { continue }
                throw part.refuse(
                    "tensor \(tensor.name.quotedForMessage())",
                    "it in \(Self.lastComponent(other).quotedForMessage()) too", "each tensor in one part")
            }
        }
        let stated = try first.int(Key.tensors)
        guard stated == places.count else {
            throw first.refuse(
                "metadata '\(Key.tensors)'",
                "\(stated.map(String.init) ?? "no such key"), and \(places.count) tensors in the \(all.count) parts",
                "as many as there are (are these parts of one model?)")
        }
    }

    private static func digits(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }

    private static func lastComponent(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }
}

extension GGUFFile {
    /// The tensors of all parts of the model that `first` is the first part of, in order.
    package static func allTensors(of first: GGUFFile) throws -> [GGUFTensor] {
        guard let count = try first.int(GGUFParts.Key.count), count > 1 else { return first.tensors }
        return try GGUFParts.open(path: first.path).all.flatMap(\.tensors)
    }

    fileprivate func refuse(_ field: String, _ found: String, _ wanted: String) -> CheckpointError {
        CheckpointError(path: path, field: field, offset: nil, found: found, wanted: wanted)
    }
}
