import Foundation
import LlamaEngine
import ProviderKit
import Synchronization
import Testing

@testable import InferenceCPU

@Suite(.timeLimit(.minutes(60))) struct RegistrationTests {
    private func refusal(_ resource: Resource) async throws -> ProviderError? {
        let provider = try await CPUProvider<OwnKernels>(
            configuration: CPUConfiguration(json: [:], at: .root),
            context: ProviderContext(providerID: "cpu", basePath: "/nowhere"))
        do {
            try await provider.register(resource)
            return nil
        } catch {
            return error as? ProviderError
        }
    }

    @Test("a file that is not there is refused by its whole path")
    func absent() async throws {
        let error = try await refusal(Resource(kind: "model", id: "m", path: "models/a.gguf"))
        #expect(error?.code == .invalidConfig)
        #expect(error?.field == "path")
        #expect(error?.message.hasPrefix("/nowhere/models/a.gguf: ") == true)
    }

    @Test("a file that is no model is refused by its path")
    func noModel() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "no-model-\(UUID().uuidString)")
        try Data("not a model, but long enough to look like one".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let error = try await refusal(Resource(kind: "model", id: "m", path: file.path))
        #expect(error?.code == .invalidConfig)
        #expect(error?.message.contains(file.path) == true)
    }

    @Test("an architecture that is not served is refused with those that are")
    func architecture() async throws {
        var model = ScriptedModel.saying("a")
        model.architecture = "mamba"
        let file = try model.write()
        defer { try? FileManager.default.removeItem(at: file) }
        let error = try await refusal(Resource(kind: "model", id: "m", path: file.path))
        #expect(error?.message.contains("llama, qwen2, qwen3") == true)
    }

    @Test(
        "a chat template that can't be parsed is refused by the file and the template's line",
        arguments: [
            "{% for m in messages %}\n{{ m.content }}", "a\nb {{ messages", "{% if %}x{% endif %}",

            "{% endfor %}", "{{ 'a }}", "\n\n{{ 1 | nosuch }}", "{% for m in [] %}{{ m is nosuch }}{% endfor %}",
        ])
    func brokenTemplate(_ template: String) async throws {
        var model = ScriptedModel.saying("a")
        model.template = template
        let file = try model.write()
        defer { try? FileManager.default.removeItem(at: file) }
        let error = try await refusal(Resource(kind: "model", id: "m", path: file.path))
        #expect(error?.code == .invalidConfig && error?.field == "path")
        #expect(error?.message.hasPrefix("\(file.path): chat template, line ") == true, "\(error?.message ?? "loaded")")
    }

    @Test("a vocabulary with more tokens than the embedding has rows is refused with both counts")
    func vocabulary() async throws {
        var model = ScriptedModel.saying("Once")
        model.rowsMissing = 1
        let file = try model.write()
        defer { try? FileManager.default.removeItem(at: file) }
        let error = try await refusal(Resource(kind: "model", id: "m", path: file.path))
        #expect(
            error?.message
                == "\(file.path): vocabulary: has 259 tokens, but the model's embedding has rows for 258")
    }

    @Test("a folder of safetensors with a tokenizer.json answers")
    func folder() async throws {
        let folder = try ReleasedFolder()
        let served = try await ServedModel(.saying("a"))
        try await served.provider.register(Resource(kind: "model", id: "folder", path: folder.url.path))
        let model = try served.loaded("folder")
        #expect(model.language.prompt(continuing: "hi<|im_end|>") == [71, 72, 27, 91, 72, 76, 62, 68, 77, 67, 91, 29])
        #expect(model.language.completionStops == [256])
        #expect(model.language.chatFormatError == nil)
        #expect(try await served.chat(model: "folder").stopReason != nil)
    }

    @Test("a folder whose files are broken is refused by the file")
    func brokenFolder() async throws {
        let folder = try ReleasedFolder()
        for (name, content) in [("tokenizer.json", "{"), ("config.json", "[]"), ("model.safetensors", "12345678")] {
            try Data(content.utf8).write(to: folder.url.appending(path: name))
            let error = try await refusal(Resource(kind: "model", id: "m", path: folder.url.path))
            #expect(error?.code == .invalidConfig)
            #expect(error?.message.hasPrefix("\(folder.url.path)/\(name): ") == true, "\(error?.message ?? "")")
            try? FileManager.default.removeItem(at: folder.url.appending(path: name))
            try FileManager.default.copyItem(at: folder.copy(of: name), to: folder.url.appending(path: name))
        }
    }

    @Test("no path, an unknown member and another kind are refused by name")
    func members() async throws {
        #expect(try await refusal(Resource(kind: "model", id: "m"))?.field == "path")
        #expect(try await refusal(Resource(kind: "model", id: "m", path: "/m", more: ["quant": 4]))?.field == "quant")
        #expect(try await refusal(Resource(kind: "shield", id: "m"))?.code == .notImplemented)
    }

    @Test("an id that is registered again stands for the new model, and answers under way end with the old one")
    func replaced() async throws {
        let served = try await ServedModel(.saying("a", end: .never, contextTokens: 500))
        let (began, goOn) = (Door(), Door())
        let seen = Kept<String>()
        async let underWay: Void = served.provider.completion(
            ServedModel.request(completing: "hi"), ServedModel.call(),
            streamingTo: EventStream { chunk in
                seen.append(chunk.textDelta)
                began.open()
                await goOn.wait()
            })
        await began.wait()
        try await served.register(.saying("b"), as: "m")
        #expect(try await served.chat().content == "b")
        goOn.open()
        try await underWay
        #expect(seen.all.joined().allSatisfy { $0 == "a" } && seen.all.joined().count == 498)
    }

    @Test("a model is never unknown while another takes its id")
    func noGap() async throws {
        let served = try await ServedModel(.saying("a"))
        let isDone = Mutex(false)
        async let asked: Int = {
            var answers = 0
            while !isDone.withLock({ $0 }) {
                let content = try await served.chat().content
                #expect(content == "a" || content == "b")
                answers += 1
            }
            return answers
        }()
        for _ in 0..<5 { try await served.register(.saying("b"), as: "m") }
        isDone.withLock { $0 = true }
        #expect(try await asked > 0)
    }

    @Test("a replacement that can't be loaded leaves the model that was there")
    func brokenReplacement() async throws {
        let served = try await ServedModel(.saying("a"))
        await #expect(throws: ProviderError.self) {
            try await served.provider.register(Resource(kind: "model", id: "m", path: "/no/such/model.gguf"))
        }
        #expect(try await served.chat().content == "a")
    }

    @Test("a model has no configuration of its own: what is given is refused by its pointer")
    func configuration() async throws {
        let served = try await ServedModel(.saying("a"))
        let error = await #expect(throws: ConfigurationError.self) {
            try await served.provider.register(
                Resource(kind: "model", id: "n", path: "/m.gguf", config: ["threads": 2]))
        }
        #expect(error?.problems.map(\.pointer) == ["/threads"])
    }

    @Test("two models answer each for themselves")
    func two() async throws {
        let served = try await ServedModel(.saying("a"))
        try await served.register(.saying("b"), as: "n")
        #expect(try await served.chat(model: "n").content == "b")
        #expect(try await served.chat().content == "a")
    }

    @Test("a model that was taken away answers no new call, and ends the one under way")
    func unregister() async throws {
        let served = try await ServedModel(.saying("a", end: .never, contextTokens: 500))
        let (began, goOn) = (Door(), Door())
        let seen = Kept<String>()
        async let underWay: Void = served.provider.completion(
            ServedModel.request(completing: "hi"), ServedModel.call(),
            streamingTo: EventStream { chunk in
                seen.append(chunk.textDelta)
                began.open()
                await goOn.wait()
            })
        await began.wait()
        try await served.provider.unregister(Resource(kind: "model", id: "m"))
        await #expect(throws: ProviderError.self) { _ = try await served.chat() }
        goOn.open()
        try await underWay
        #expect(seen.all.joined().count == 498)
    }

    @Test("after shutdown no engine is left")
    func shutdown() async throws {
        let served = try await ServedModel(.saying("a"))
        weak let engine = try served.loaded().engine
        await served.provider.shutdown()
        #expect(engine == nil)
    }

    @Test(
        "the context is the smaller of the configured and the model's own",
        arguments: [(0, 256), (100, 100), (8192, 256)])
    func context(_ configured: Int64, _ wanted: Int) async throws {
        let served = try await ServedModel(
            .saying("a"), config: ["threads": 1, "context_tokens_max": .integer(configured)])
        #expect(try served.loaded().engine.contextTokens == wanted)
    }

    @Test("a model without any chat format completes, and says why it can't chat")
    func noChat() async throws {
        var model = ScriptedModel.saying("a")
        model.template = nil
        model.startOfTurn = "<|another|>"
        let served = try await ServedModel(model)
        #expect(try await served.complete().content == "a")
        await #expect(throws: ProviderError.self) { _ = try await served.chat() }
    }
}
