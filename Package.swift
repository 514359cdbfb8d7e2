// swift-tools-version: 6.2
import PackageDescription

// Every outside dependency hangs on the trait `Server`. A provider author writes `traits: []` and gets
// `ProviderKit` with no other checkout.
let server: TargetDependencyCondition? = .when(traits: ["Server"])

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .treatAllWarnings(as: .error),
]

/// A provider's library and what it is built from.
struct Provider {
    let library: Product
    let targets: [Target]
}

/// The provider in `Plugins/<folder>`, of the library `libprovider-<api>-<name>.so`: found by that name when a
/// distribution asks for `<api>` and `inline::<name>`.
/// - Parameter hasEntry: its exported symbol stands alone, in the folder `Entry` and the target `<folder>Provider`, so
///   that tests can link the rest of it, the target `<folder>`, beside other providers.
func provider(
    _ api: String, _ name: String, _ folder: String, needs: [Target.Dependency] = [], hasEntry: Bool = false
) -> Provider {
    let entry = "\(folder)Provider"
    let path = "Plugins/\(folder)"
    let dependencies = needs + ["ProviderKit"]
    return Provider(
        library: .library(name: "provider-\(api)-\(name)", type: .dynamic, targets: [entry]),
        targets: hasEntry
            ? [
                .target(
                    name: folder, dependencies: dependencies, path: path, exclude: ["Entry"], swiftSettings: strict),
                .target(
                    name: entry, dependencies: [.target(name: folder), "ProviderKit"], path: path + "/Entry",
                    swiftSettings: strict),
            ]
            : [.target(name: entry, dependencies: dependencies, path: path, swiftSettings: strict)])
}

let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift", condition: server)
let sqlite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift", condition: server)
let seccomp: Target.Dependency = .target(name: "CSeccomp", condition: server)
let openBLAS: Target.Dependency = .target(name: "COpenBLAS", condition: server)

let providers = [
    provider("inference", "echo", "Echo"),
    provider(
        "inference", "cpu", "InferenceCPU",
        needs: ["ChatTemplates", "Checkpoints", "Grammars", "JSONSchema", "LlamaEngine", "Parallel", "Tokenizers"],
        hasEntry: true),
    provider("inference", "blas", "InferenceBLAS", needs: ["InferenceCPU", "LlamaEngine", openBLAS], hasEntry: true),
    provider(
        "memory-banks", "file", "MemoryFile", needs: ["MemoryBanks", "Storage", "VectorIndex", grdb, sqlite],
        hasEntry: true),
    provider("memory-banks", "pgvector", "MemoryPgvector", needs: ["MemoryBanks", "Postgres"], hasEntry: true),
    provider("datasets", "file", "DatasetsFile", needs: ["DatasetRows", "DurableFiles", "Storage", grdb]),
    provider(
        "post-training", "cpu", "PostTrainingCPU",
        needs: [
            "ChatTemplates", "Checkpoints", "DatasetRows", "DurableFiles", "InferenceCPU", "LlamaEngine",
            "LlamaTraining", "Parallel", "Storage", "Tokenizers", grdb,
        ], hasEntry: true),
    provider("agentic-system", "reference", "AgentsReference", needs: ["JSONSchema", "Storage", grdb], hasEntry: true),
    provider(
        "reward-scoring", "model", "RewardScoringModel",
        needs: ["ChatTemplates", "Checkpoints", "InferenceCPU", "LlamaEngine", "Parallel"], hasEntry: true),
    provider(
        "synthetic-data-generation", "reference", "SyntheticDataReference", needs: ["DurableFiles"], hasEntry: true),
    provider("tools", "builtin", "ToolsBuiltin", needs: ["Calculator"]),
    provider("tools", "python", "ToolsPython", needs: ["CChildProcess", "ChildProcess", seccomp], hasEntry: true),
    provider("tools", "mcp", "ToolsMCP", needs: ["ChildProcess", "ContractBridge"], hasEntry: true),
    provider("safety", "code-guard", "SafetyCodeGuard", needs: ["CodeRules"]),
    provider("safety", "llama-guard", "SafetyLlamaGuard"),
    provider("safety", "prompt-guard", "SafetyPromptGuard", hasEntry: true),
    provider("safety", "patterns", "SafetyPatterns", needs: ["RegularExpressions", "SensitivePatterns"]),
]

let package = Package(
    name: "llama-stack",
    products: [
        .executable(name: "llama-stack", targets: ["llama-stack"]),
        .executable(name: "llama-stack-provider-host", targets: ["llama-stack-provider-host"]),
        .executable(name: "llama-stack-document-reader", targets: ["llama-stack-document-reader"]),
        .library(name: "ProviderKit", targets: ["ProviderKit"]),
        .library(name: "CProviderABI", targets: ["CProviderABI"]),
        .library(name: "provider-inference-echo-c", type: .dynamic, targets: ["EchoCProvider"]),
        .library(name: "provider-tools-example-c", type: .dynamic, targets: ["ToolCProvider"]),
        // The tests' own.
        .library(name: "scripted-provider", type: .dynamic, targets: ["ScriptedProvider"]),
    ] + providers.map(\.library),
    traits: [
        .trait(name: "Server", description: "The host, its HTTP front and the llama-stack command."),
        .default(enabledTraits: ["Server"]),
    ],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
    ],
    targets: [
        // The contract, the API, and what a provider author imports.
        .target(name: "CProviderABI"),
        .target(name: "LlamaStackAPI", swiftSettings: strict),
        .target(name: "ContractBridge", dependencies: ["CProviderABI", "LlamaStackAPI"], swiftSettings: strict),
        .target(
            name: "ProviderKit", dependencies: ["CProviderABI", "ContractBridge", "LlamaStackAPI"],
            swiftSettings: strict),
        .target(
            name: "ProviderConformance",
            dependencies: [
                "CChildProcess", "CProcessProbe", "CProviderABI", "ContractBridge", "Host", "LlamaStackAPI", "Runtimes",
            ],
            swiftSettings: strict),
        // What the conformance kit asks of the system: children, crashes, the state that libraries share.
        .target(name: "CProcessProbe"),

        // The host.
        .target(
            name: "Runtimes",
            dependencies: [
                "CChildProcess", "CProcessGuard", "CProviderABI", "ChildProcess", "ContractBridge", "LlamaStackAPI",
            ],
            swiftSettings: strict),
        // The network: libcurl, opened when it is first needed, and what may be asked of it.
        .target(name: "CCurl"),
        // Not `Network`: packages ask whether that can be imported, and would take ours for Apple's.
        .target(
            name: "Networking",
            dependencies: ["ContractBridge", "LlamaStackAPI", .target(name: "CCurl", condition: server)],
            swiftSettings: strict),
        // The editor of `chat`: libedit, opened when a person types.
        .target(name: "CEdit"),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "CProcessGuard"),
        .target(
            name: "Host",
            dependencies: [
                "CProcessGuard", "ChildProcess", "ContractBridge", "LlamaStackAPI", "Networking", "Runtimes",
                .target(name: "CYAML", condition: server),
            ],
            swiftSettings: strict),
        // A program as a child that can't outlive the host.
        .target(name: "CChildProcess"),
        .target(name: "ChildProcess", dependencies: ["CChildProcess"], swiftSettings: strict),
        // The child that runs one provider: as few libraries as can be.
        .executableTarget(
            name: "llama-stack-provider-host", dependencies: ["CChildProcess", "CProcessGuard", "Runtimes"],
            swiftSettings: strict),
        // Protocols that clients speak already, as translations around the draft's endpoints.
        .target(name: "Dialects", dependencies: ["LlamaStackAPI"], swiftSettings: strict),
        // Pages for a browser, as they are written, in the program.
        .target(name: "Playground", exclude: ["pages"]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(
            name: "HTTPFront",
            dependencies: [
                "Dialects", "Host", "LlamaStackAPI", "Playground", .target(name: "CZlib", condition: server),
                .product(name: "Hummingbird", package: "hummingbird", condition: server),
                .product(name: "HummingbirdCore", package: "hummingbird", condition: server),
                .product(name: "HTTPTypes", package: "swift-http-types", condition: server),
                .product(name: "Logging", package: "swift-log", condition: server),
                .product(name: "NIOCore", package: "swift-nio", condition: server),
                .product(name: "NIOPosix", package: "swift-nio", condition: server),
                .product(name: "NIOHTTP1", package: "swift-nio", condition: server),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: server),
                .product(name: "UnixSignals", package: "swift-service-lifecycle", condition: server),
            ],
            swiftSettings: strict),
        .target(
            name: "CommandSupport",
            dependencies: [
                "Host", "LlamaStackAPI",
                .product(name: "ArgumentParser", package: "swift-argument-parser", condition: server),
                .product(name: "Logging", package: "swift-log", condition: server),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "llama-stack",
            dependencies: [
                "Checkpoints", "CommandSupport", "DatasetRows", "Dialects", "HTTPFront", "Host", "LlamaStackAPI",
                "Networking", "ProviderConformance", "Tokenizers", .target(name: "CEdit", condition: server),
                .product(name: "ArgumentParser", package: "swift-argument-parser", condition: server),
            ],
            swiftSettings: strict),
        // Measurements, apart from the command so that this carries no engine.
        .executableTarget(
            name: "llama-stack-bench",
            dependencies: [
                "CKernels", "Checkpoints", "CommandSupport", "DurableFiles", "Grammars", "HTTPFront", "Host",
                "JSONSchema", "LlamaEngine", "LlamaStackAPI", "LlamaTraining", "Parallel", "Tokenizers",
                .product(name: "ArgumentParser", package: "swift-argument-parser", condition: server),
                .product(name: "Hummingbird", package: "hummingbird", condition: server),
                .product(name: "Logging", package: "swift-log", condition: server),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: server),
            ],
            swiftSettings: strict),

        // A model on the CPU.
        .target(name: "CInstructionSet"),
        .target(name: "CKernels", dependencies: ["CInstructionSet"]),
        .target(name: "Parallel", dependencies: ["CInstructionSet", "CKernels"], swiftSettings: strict),
        .target(
            name: "Checkpoints", dependencies: ["CKernels", "DurableFiles", "LlamaStackAPI"], swiftSettings: strict),
        .target(name: "Tokenizers", dependencies: ["Checkpoints", "LlamaStackAPI"], swiftSettings: strict),
        .target(
            name: "ChatTemplates", dependencies: ["Grammars", "JSONSchema", "LlamaStackAPI"], swiftSettings: strict),
        // What an answer keeps to: token masks from schemas and literals. Knows no engine.
        .target(
            name: "Grammars", dependencies: ["JSONSchema", "LlamaStackAPI", "RegularExpressions"], swiftSettings: strict
        ),
        .target(
            name: "LlamaEngine",
            dependencies: [
                "CKernels", "Checkpoints", "DurableFiles", "Grammars", "LlamaStackAPI", "Parallel", "Tokenizers",
            ],
            swiftSettings: strict),

        // Changing one on the CPU: knows no provider and no disk.
        .target(
            name: "LlamaTraining", dependencies: ["CKernels", "Checkpoints", "LlamaEngine", "Parallel"],
            swiftSettings: strict),

        // The nearest of many vectors.
        .target(name: "CVectors", dependencies: ["CInstructionSet"]),
        .target(name: "VectorIndex", dependencies: ["CInstructionSet", "CVectors"], swiftSettings: strict),
        .executableTarget(
            name: "bench-vectors", dependencies: ["VectorIndex"], path: "Benchmarks/Vectors", exclude: ["hnsw.cpp"],
            swiftSettings: strict),

        // Durable state of providers.
        .target(name: "DurableFiles", swiftSettings: strict),
        .target(
            name: "Storage",
            dependencies: ["DurableFiles", "ProviderKit", .product(name: "GRDB", package: "GRDB.swift", condition: server)],
            swiftSettings: strict),

        // Everything about memory banks but the database.
        .target(name: "CLimitedProcess", dependencies: ["CChildProcess"]),
        .target(
            name: "MemoryBanks", dependencies: ["CLimitedProcess", "ChildProcess", "ProviderKit"],
            swiftSettings: strict),
        // The parsers that read what strangers wrote, in a program of their own.
        .systemLibrary(name: "CXML", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
        .executableTarget(
            name: "llama-stack-document-reader",
            dependencies: ["CChildProcess", .target(name: "CXML", condition: server)],
            linkerSettings: ["gumbo", "cmark-gfm", "cmark-gfm-extensions", "uchardet"].map {
                .linkedLibrary($0, .when(traits: ["Server"]))
            }),

        // PostgreSQL, for providers whose state several hosts share.
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(
            name: "Postgres", dependencies: ["ProviderKit", .target(name: "CPostgres", condition: server)],
            swiftSettings: strict),

        // What a JSON value must be, and what a text must match.
        .target(name: "RegularExpressions", swiftSettings: strict),
        .target(name: "CodeRules", swiftSettings: strict),
        .target(name: "SensitivePatterns", dependencies: ["RegularExpressions"], swiftSettings: strict),
        .target(name: "JSONSchema", dependencies: ["LlamaStackAPI", "RegularExpressions"], swiftSettings: strict),

        // The filters of system calls that code in a cage runs below.
        .systemLibrary(name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),

        // The tool `math`.
        .target(name: "Calculator", dependencies: ["LlamaStackAPI"], swiftSettings: strict),

        // The rows of datasets.
        .target(name: "DatasetRows", dependencies: ["LlamaStackAPI"], swiftSettings: strict),

        // What durable providers must stand, and how fast they are.
        .target(
            name: "Torture",
            dependencies: [
                "ChildProcess", "ContractBridge", "Host", "LlamaStackAPI", "Networking", "RawHTTP", "Runtimes",
            ],
            swiftSettings: strict),
        .executableTarget(name: "llama-stack-torture", dependencies: ["Torture"], swiftSettings: strict),

        // The providers in C, which need no kit, and the system's OpenBLAS.
        .target(name: "EchoCProvider", dependencies: ["CProviderABI"], path: "Plugins/EchoC"),
        .target(name: "ToolCProvider", dependencies: ["CProviderABI"], path: "Plugins/ToolC"),
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),

        .testTarget(name: "LlamaStackAPITests", dependencies: ["LlamaStackAPI", "ProviderConformance"]),
        .testTarget(name: "ProviderKitTests", dependencies: ["ContractBridge", "LlamaStackAPI", "ProviderKit"]),
        .testTarget(
            name: "HostTests",
            dependencies: [
                "CChildProcess", "CProcessGuard", "CProviderABI", "ChildProcess", "ContractBridge", "Host",
                "LlamaStackAPI", "ProviderConformance", "Runtimes", "Torture", "llama-stack",
                "llama-stack-provider-host",
            ]),
        .testTarget(name: "BenchTests", dependencies: ["LlamaStackAPI", "llama-stack-bench"]),
        .testTarget(name: "ChildProcessTests", dependencies: ["CChildProcess", "ChildProcess"]),
        // A provider of every API that does as the request tells it, for the tests of what lies before providers.
        .target(
            name: "ScriptedProvider", dependencies: ["ProviderKit"], path: "Tests/ScriptedProvider",
            swiftSettings: strict),
        .testTarget(name: "DialectsTests", dependencies: ["Dialects", "LlamaStackAPI"]),
        .testTarget(
            name: "HTTPFrontTests",
            dependencies: [
                "Dialects", "HTTPFront", "Host", "LlamaStackAPI", "ProviderConformance", "RawHTTP",
                .product(name: "Logging", package: "swift-log", condition: server),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: server),
            ]),
        .testTarget(
            name: "ToolsPythonTests",
            dependencies: ["ChildProcess", "ProviderKit", "ToolsPython"]),
        .testTarget(name: "CalculatorTests", dependencies: ["Calculator"]),
        .testTarget(name: "ParallelTests", dependencies: ["Parallel"]),
        .testTarget(
            name: "CheckpointsTests",
            dependencies: ["CKernels", "Checkpoints", "DurableFiles", "LlamaStackAPI", "ModelFixtures"]),
        .testTarget(
            name: "TokenizersTests", dependencies: ["Checkpoints", "LlamaStackAPI", "ModelFixtures", "Tokenizers"]),
        .testTarget(
            name: "ChatTemplatesTests", dependencies: ["ChatTemplates", "Grammars", "JSONSchema", "LlamaStackAPI"]),
        .testTarget(name: "GrammarsTests", dependencies: ["Grammars", "JSONSchema", "LlamaStackAPI"]),
        .testTarget(
            name: "LlamaEngineTests",
            dependencies: [
                "CInstructionSet", "CKernels", "Checkpoints", "DurableFiles", "Grammars", "JSONSchema", "LlamaEngine",
                "LlamaStackAPI",
                "ModelFixtures", "Parallel", "Tokenizers",
            ]),
        .testTarget(
            name: "LlamaTrainingTests",
            dependencies: [
                "CKernels", "Checkpoints", "LlamaEngine", "LlamaTraining", "ModelFixtures", "Parallel", "Tokenizers",
            ]),
        .testTarget(name: "VectorIndexTests", dependencies: ["VectorIndex", "CVectors"]),
        .testTarget(
            name: "InferenceCPUTests",
            dependencies: ["ChatTemplates", "InferenceCPU", "LlamaEngine", "Parallel", "ProviderKit", "Tokenizers"]),
        .testTarget(
            name: "InferenceBLASTests",
            dependencies: ["Checkpoints", "InferenceBLAS", "InferenceCPU", "LlamaEngine", "Parallel", "ProviderKit"]),
        .testTarget(
            name: "MemoryBanksTests",
            dependencies: [
                "BankFixtures", "CLimitedProcess", "ChildProcess", "FakeOrigin", "Host", "JudgedDocuments", "MemoryBanks",
                "ProviderKit", "Torture",
            ]),
        // For the tests alone: the providers of memory banks, to run one suite over.
        .target(
            name: "BankFixtures",
            dependencies: ["MemoryBanks", "MemoryFile", "MemoryPgvector", "ProviderKit", "Torture", "VectorIndex"],
            path: "Tests/BankFixtures", swiftSettings: strict),
        .testTarget(
            name: "MemoryFileTests",
            dependencies: [
                "BankFixtures", "Host", "JudgedDocuments", "MemoryBanks", "MemoryFile", "ProviderConformance",
                "ProviderKit", "Storage", "Torture", "VectorIndex", "llama-stack", "llama-stack-torture",
            ]),
        // The judged set, and the embeddings of its texts.
        .target(
            name: "JudgedDocuments", dependencies: ["MemoryBanks", "ProviderKit"], path: "Tests/JudgedDocuments",
            swiftSettings: strict),
        .testTarget(
            name: "MemoryPgvectorTests",
            dependencies: [
                "BankFixtures", "FakeOrigin", "Host", "JudgedDocuments", "MemoryBanks", "MemoryPgvector", "Postgres",
                "ProviderConformance", "ProviderKit", "Torture", "llama-stack", "llama-stack-provider-host",
            ]),
        .testTarget(
            name: "NetworkTests",
            dependencies: ["ContractBridge", "FakeOrigin", "Host", "LlamaStackAPI", "Networking", "llama-stack"]),
        .testTarget(name: "RegularExpressionsTests", dependencies: ["RegularExpressions"]),
        .testTarget(name: "CodeRulesTests", dependencies: ["CodeRules"]),
        .testTarget(name: "SafetyPromptGuardTests", dependencies: ["Host", "ProviderKit", "SafetyPromptGuard"]),
        .testTarget(name: "SensitivePatternsTests", dependencies: ["SensitivePatterns"]),
        .testTarget(name: "JSONSchemaTests", dependencies: ["JSONSchema", "LlamaStackAPI"]),
        .testTarget(name: "DatasetRowsTests", dependencies: ["DatasetRows", "LlamaStackAPI"]),
        .testTarget(name: "DatasetsFileTests", dependencies: ["FakeOrigin", "Host", "ProviderKit", "Storage"]),
        .testTarget(
            name: "PostTrainingCPUTests",
            dependencies: [
                "ChatTemplates", "Checkpoints", "DatasetRows", "FakeOrigin", "Host", "InferenceCPU", "LlamaEngine",
                "LlamaTraining", "ModelFixtures", "Parallel", "PostTrainingCPU", "ProviderKit", "Tokenizers", "Torture",
                "llama-stack-torture",
            ]),
        .testTarget(name: "AgentsReferenceTests", dependencies: ["AgentsReference", "Host", "ProviderKit"]),
        .testTarget(name: "RewardScoringModelTests", dependencies: ["Host", "ProviderKit", "RewardScoringModel"]),
        .testTarget(name: "ToolsMCPTests", dependencies: ["ChildProcess", "Host", "ProviderKit", "ToolsMCP"]),
        .testTarget(
            name: "SyntheticDataReferenceTests",
            dependencies: ["Host", "ProviderKit", "SyntheticDataReference"]),
        // Of the sources themselves: sizes, arrows, words.
        .testTarget(name: "HouseTests", exclude: ["exceptions.txt", "folders.txt"]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["FakeOrigin", "LlamaStackAPI", "ProviderConformance", "RawHTTP", "Torture"]),

        // For the tests alone: a web server that does as it is told, with the system's OpenSSL.
        .target(name: "FakeOrigin", dependencies: ["CTestTLS"], path: "Tests/FakeOrigin", swiftSettings: strict),
        .target(
            name: "CTestTLS", path: "Tests/CTestTLS",
            linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
        // For the tests of models and their files: files that lie, and where the fixtures are.
        .target(
            name: "ModelFixtures", dependencies: ["Checkpoints"], path: "Tests/ModelFixtures", swiftSettings: strict),
        // For tests and torture: a client that sends exactly the bytes it is told to, and leaves when it likes.
        .target(name: "RawHTTP", path: "Tests/RawHTTP", swiftSettings: strict),
    ] + providers.flatMap(\.targets)
)
