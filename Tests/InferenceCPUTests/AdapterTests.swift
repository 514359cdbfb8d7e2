import Foundation
import LlamaEngine
import ProviderKit
import Testing

@testable import InferenceCPU

@Suite("Adapters as models", .timeLimit(.minutes(60)))
struct AdapterTests {
    /// A base that says "ab", and after an adapter's token what comes after that.
    private func served() async throws -> ServedModel {
        let served = try await ServedModel(.saying("a", "b"))
        try await served.adapt("m", as: "after-a", ScriptedAdapter(token: UInt8(ascii: "a")))
        try await served.adapt("m", as: "after-b", ScriptedAdapter(token: UInt8(ascii: "b")))
        return served
    }

    private func refusal(_ body: () async throws -> Void) async -> ProviderError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? ProviderError
        }
    }

    @Test("base and adapters answer side by side, each for itself")
    func together() async throws {
        let served = try await served()
        let request = ServedModel.request(maxTokens: 3)
        let names = ["m", "after-a", "after-b", "m", "after-a"]
        let answers = try await withThrowingTaskGroup(of: (Int, Content).self) { group in
            for (index, name) in names.enumerated() {
                group.addTask { (index, try await served.chat(request, model: name).content) }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        #expect(names.indices.map { answers[$0] } == ["ab", "bbb", "", "ab", "bbb"])
    }

    @Test("an adapter computes on its base's engine")
    func sharing() async throws {
        let served = try await served()
        #expect(try served.loaded("after-a").engine === served.loaded().engine)
    }

    @Test("an adapter completes and streams as its base does")
    func forms() async throws {
        let served = try await served()
        let texts = Kept<String>()
        try await served.provider.completion(
            ServedModel.request(completing: "hi", maxTokens: 4), ServedModel.call("after-a"),
            streamingTo: EventStream { texts.append($0.textDelta) })
        #expect(texts.all.joined() == "bbbb")
    }

    @Test("an adapter that was taken away answers no more, and its base does")
    func unregister() async throws {
        let served = try await served()
        try await served.provider.unregister(Resource(kind: "model", id: "after-a"))
        #expect(await refusal { _ = try await served.chat(model: "after-a") }?.code == .modelNotFound)
        #expect(try await served.chat().content == "ab")
        // And may come back as another.
        try await served.adapt("m", as: "after-a", ScriptedAdapter(token: UInt8(ascii: "b")))
        #expect(try await served.chat(model: "after-a").content == "")
    }

    @Test("an adapter that is registered again is replaced")
    func replaced() async throws {
        let served = try await served()
        let before = try await served.chat(model: "after-a").content
        try await served.adapt("m", as: "after-a", ScriptedAdapter(token: UInt8(ascii: "b")))
        #expect(try await served.chat(model: "after-a").content == "")
        #expect(before != "")
    }

    @Test("an adapter that is replaced under load answers every call, as it was or as it is")
    func replacedUnderLoad() async throws {
        let served = try await served()
        let request = ServedModel.request(maxTokens: 3)
        let answers = try await withThrowingTaskGroup(of: [Content].self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var answers: [Content] = []
                    for _ in 0..<25 { answers.append(try await served.chat(request, model: "after-a").content) }
                    return answers
                }
            }
            for round in 0..<20 {
                let token = UInt8(ascii: round % 2 == 0 ? "b" : "a")
                try await served.adapt("m", as: "after-a", ScriptedAdapter(token: token))
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(answers.count == 100)
        #expect(answers.allSatisfy { $0 == "bbb" || $0 == "" })
        // The last one counts at once.
        #expect(try await served.chat(request, model: "after-a").content == "bbb")
    }

    @Test("a base that has adapters is not replaced under them")
    func replacedBase() async throws {
        let served = try await served()
        let error = await refusal { try await served.register(.saying("c"), as: "m") }
        #expect(error?.message == "'m' is the base of 'after-a', 'after-b': unregister those first")
    }

    @Test("a base stays as long as it has adapters")
    func base() async throws {
        let served = try await served()
        let base = Resource(kind: "model", id: "m")
        let error = await refusal { try await served.provider.unregister(base) }
        #expect(error?.message == "'m' is the base of 'after-a', 'after-b': unregister those first")
        for id in ["after-a", "after-b"] { try await served.provider.unregister(Resource(kind: "model", id: id)) }
        try await served.provider.unregister(base)
        #expect(await refusal { _ = try await served.chat() }?.code == .modelNotFound)
    }

    @Test("after shutdown no engine is left")
    func shutdown() async throws {
        let served = try await served()
        weak let engine = try served.loaded("after-a").engine
        await served.provider.shutdown()
        #expect(engine == nil)
    }

    @Test("an adapter without its base, of an adapter, or with a path of its own is refused by the key")
    func members() async throws {
        let served = try await served()
        let cases: [(Resource, String, String)] = [
            (Resource(kind: "model", id: "n", base: "none", adapter: "/a"), "base", "does not serve"),
            (Resource(kind: "model", id: "n", base: "after-a", adapter: "/a"), "base", "is an adapter"),
            (Resource(kind: "model", id: "n", base: "m"), "adapter", "needs the path"),
            (Resource(kind: "model", id: "n", adapter: "/a"), "base", "needs the model"),
            (Resource(kind: "model", id: "n", path: "/p", base: "m", adapter: "/a"), "path", "no file of its own"),
        ]
        for (resource, field, words) in cases {
            let error = await refusal { try await served.provider.register(resource) }
            #expect(error?.code == .invalidConfig)
            #expect(error?.field == field)
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        }
        let own = await refusal {
            try await served.provider.register(Resource(kind: "model", id: "m", base: "m", adapter: "/a"))
        }
        #expect(own?.message == "'m' is the base of 'after-a', 'after-b': unregister those first")
    }

    @Test("an adapter that can't be used is refused with its file and what is wrong with it")
    func broken() async throws {
        let served = try await served()
        let absent = await refusal {
            try await served.provider.register(Resource(kind: "model", id: "n", base: "m", adapter: "/no/such/adapter"))
        }
        #expect(absent?.code == .invalidConfig)
        #expect(absent?.field == "adapter")
        #expect(absent?.message.hasPrefix("/no/such/adapter: adapter: found No such file or directory") == true)
        let biased = await refusal {
            try await served.adapt("m", as: "n", ScriptedAdapter(token: 0, setting: "\"lora_bias\": true"))
        }
        #expect(biased?.message.contains("setting 'lora_bias': found true, wanted off") == true)
        #expect(try await served.chat().content == "ab")
    }
}

extension ServedModel {
    /// Registers an adapter; its folder is deleted once it is loaded.
    fileprivate func adapt(_ base: String, as id: String, _ adapter: ScriptedAdapter) async throws {
        let folder = try adapter.write()
        defer { try? FileManager.default.removeItem(at: folder) }
        try await provider.register(Resource(kind: "model", id: id, base: base, adapter: folder.path))
    }
}
