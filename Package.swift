// swift-tools-version: 6.2
import PackageDescription

// Every outside dependency hangs on the trait `Server`. A provider author writes `traits: []` and gets
// `ProviderKit` with no other checkout.
let server: TargetDependencyCondition? = .when(traits: ["Server"])

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .treatAllWarnings(as: .error),
]

/// A provider library: `libprovider-<api>-<name>.so`, found by that name when a distribution asks for
/// `<api>` and `inline::<name>`.
func providerLibrary(_ api: String, _ name: String, _ target: String) -> Product {
    .library(name: "provider-\(api)-\(name)", type: .dynamic, targets: [target])
}

let package = Package(
    name: "llama-stack",
    products: [
        .executable(name: "llama-stack", targets: ["llama-stack"]),
        .executable(name: "llama-stack-provider-host", targets: ["llama-stack-provider-host"]),
        .library(name: "ProviderKit", targets: ["ProviderKit"]),
        .library(name: "CProviderABI", targets: ["CProviderABI"]),
        providerLibrary("inference", "echo", "EchoProvider"),
        providerLibrary("inference", "echo-c", "EchoCProvider"),
        providerLibrary("inference", "cpu", "InferenceCPUProvider"),
        providerLibrary("inference", "blas", "InferenceBLASProvider"),
        providerLibrary("memory-banks", "file", "MemoryFileProvider"),
        providerLibrary("memory-banks", "pgvector", "MemoryPgvectorProvider"),
        providerLibrary("datasets", "file", "DatasetsFileProvider"),
        // The tests' own.
        .library(name: "scripted-provider", type: .dynamic, targets: ["ScriptedProvider"]),
    ],
    traits: [
        .trait(name: "Server", description: "The host, its HTTP front and the llama-stack command."),
        .default(enabledTraits: ["Server"]),
    ],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
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
            dependencies: ["CProcessProbe", "CProviderABI", "ContractBridge", "Host", "LlamaStackAPI", "Runtimes"],
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
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "CProcessGuard"),
        .target(
            name: "Host",
            dependencies: [
                "CProcessGuard", "ChildProcess", "ContractBridge", "LlamaStackAPI", "Runtimes",
                .target(name: "CYAML", condition: server),
            ],
            swiftSettings: strict),
        // A program as a child that can't outlive the host.
        .target(name: "CChildProcess"),
        .target(name: "ChildProcess", dependencies: ["CChildProcess"], swiftSettings: strict),
        // The child that runs one provider: as few libraries as can be.
        .executableTarget(
            name: "llama-stack-provider-host", dependencies: ["CChildProcess", "CProcessGuard", "Runtimes"], swiftSettings: strict),
        .target(
            name: "HTTPFront",
            dependencies: [
                "Host", "LlamaStackAPI",
                .product(name: "Hummingbird", package: "hummingbird", condition: server),
                .product(name: "HTTPTypes", package: "swift-http-types", condition: server),
                .product(name: "Logging", package: "swift-log", condition: server),
                .product(name: "NIOCore", package: "swift-nio", condition: server),
                .product(name: "NIOPosix", package: "swift-nio", condition: server),
                .product(name: "NIOHTTP1", package: "swift-nio", condition: server),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: server),
                .product(name: "UnixSignals", package: "swift-service-lifecycle", condition: server),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "llama-stack",
            dependencies: [
                "DatasetRows", "Fetch", "HTTPFront", "Host", "LlamaStackAPI", "ProviderConformance", "LlamaEngine",
                .product(name: "ArgumentParser", package: "swift-argument-parser", condition: server),
                .product(name: "AsyncHTTPClient", package: "async-http-client", condition: server),
                .product(name: "Logging", package: "swift-log", condition: server),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: server),
            ],
            swiftSettings: strict),

        // A model on the CPU.
        .target(name: "CInstructionSet"),
        .target(name: "CKernels", dependencies: ["CInstructionSet"]),
        .target(
            name: "LlamaEngine", dependencies: ["CInstructionSet", "CKernels", "LlamaStackAPI"], swiftSettings: strict),

        // The nearest of many vectors.
        .target(name: "CVectors", dependencies: ["CInstructionSet"]),
        .target(name: "VectorIndex", dependencies: ["CInstructionSet", "CVectors"], swiftSettings: strict),
        .executableTarget(
            name: "bench-vectors", dependencies: ["VectorIndex"], path: "Benchmarks/Vectors", exclude: ["hnsw.cpp"],
            swiftSettings: strict),

        // Durable state of providers.
        .target(
            name: "Storage",
            dependencies: ["ProviderKit", .product(name: "GRDB", package: "GRDB.swift", condition: server)],
            swiftSettings: strict),

        // What documents say, for every provider of memory banks.
        .target(name: "CLimitedProcess"),
        .target(name: "Documents", dependencies: ["CLimitedProcess", "ProviderKit"], swiftSettings: strict),

        // PostgreSQL, for providers whose state several hosts share.
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(
            name: "Postgres", dependencies: ["ProviderKit", .target(name: "CPostgres", condition: server)],
            swiftSettings: strict),

        // The one way to the network, and the rows of datasets.
        .target(
            name: "Fetch",
            dependencies: [
                "LlamaStackAPI",
                .product(name: "AsyncHTTPClient", package: "async-http-client", condition: server),
                .product(name: "NIOCore", package: "swift-nio", condition: server),
                .product(name: "NIOPosix", package: "swift-nio", condition: server),
                .product(name: "NIOHTTP1", package: "swift-nio", condition: server),
                .product(name: "NIOSSL", package: "swift-nio-ssl", condition: server),
            ],
            swiftSettings: strict),
        .target(name: "DatasetRows", dependencies: ["LlamaStackAPI"], swiftSettings: strict),

        // What durable providers must stand, and how fast they are.
        .target(
            name: "Torture", dependencies: ["ContractBridge", "Host", "LlamaStackAPI", "Runtimes"], swiftSettings: strict),
        .executableTarget(name: "llama-stack-torture", dependencies: ["Torture"], swiftSettings: strict),

        // Providers: one library each.
        .target(name: "EchoProvider", dependencies: ["ProviderKit"], path: "Plugins/Echo", swiftSettings: strict),
        .target(name: "EchoCProvider", dependencies: ["CProviderABI"], path: "Plugins/EchoC"),
        .target(
            name: "InferenceCPU", dependencies: ["ProviderKit", "LlamaEngine"], path: "Plugins/InferenceCPU",
            exclude: ["Entry"], swiftSettings: strict),
        .target(
            name: "InferenceCPUProvider", dependencies: ["InferenceCPU", "ProviderKit"],
            path: "Plugins/InferenceCPU/Entry", swiftSettings: strict),
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .target(
            name: "InferenceBLAS",
            dependencies: [
                "InferenceCPU", "LlamaEngine", "ProviderKit", .target(name: "COpenBLAS", condition: server),
            ],
            path: "Plugins/InferenceBLAS", exclude: ["Entry"], swiftSettings: strict),
        .target(
            name: "InferenceBLASProvider", dependencies: ["InferenceBLAS", "InferenceCPU", "ProviderKit"],
            path: "Plugins/InferenceBLAS/Entry", swiftSettings: strict),
        .target(
            name: "MemoryFile",
            dependencies: [
                "Documents", "Fetch", "ProviderKit", "Storage", "VectorIndex",
                .product(name: "GRDB", package: "GRDB.swift", condition: server),
                .product(name: "GRDBSQLite", package: "GRDB.swift", condition: server),
            ],
            path: "Plugins/MemoryFile", exclude: ["Entry"], swiftSettings: strict),
        .target(
            name: "MemoryFileProvider", dependencies: ["MemoryFile", "ProviderKit"], path: "Plugins/MemoryFile/Entry",
            swiftSettings: strict),
        .target(
            name: "MemoryPgvector", dependencies: ["Documents", "Postgres", "ProviderKit"],
            path: "Plugins/MemoryPgvector", exclude: ["Entry"], swiftSettings: strict),
        .target(
            name: "MemoryPgvectorProvider", dependencies: ["MemoryPgvector", "ProviderKit"],
            path: "Plugins/MemoryPgvector/Entry", swiftSettings: strict),
        .target(
            name: "DatasetsFileProvider",
            dependencies: [
                "DatasetRows", "Fetch", "ProviderKit", "Storage",
                .product(name: "GRDB", package: "GRDB.swift", condition: server),
            ],
            path: "Plugins/DatasetsFile", swiftSettings: strict),

        .testTarget(name: "LlamaStackAPITests", dependencies: ["LlamaStackAPI"]),
        .testTarget(name: "ProviderKitTests", dependencies: ["ContractBridge", "LlamaStackAPI", "ProviderKit"]),
        .testTarget(
            name: "HostTests",
            dependencies: [
                "CChildProcess", "CProviderABI", "ChildProcess", "ContractBridge", "Host", "LlamaStackAPI",
                "ProviderConformance", "Runtimes", "Torture", "llama-stack", "llama-stack-provider-host",
            ]),
        .testTarget(name: "ChildProcessTests", dependencies: ["CChildProcess", "ChildProcess"]),
        // A provider of every API that does as the request tells it, for the tests of what lies before providers.
        .target(
            name: "ScriptedProvider", dependencies: ["ProviderKit"], path: "Tests/ScriptedProvider",
            swiftSettings: strict),
        .testTarget(
            name: "HTTPFrontTests",
            dependencies: [
                "HTTPFront", "Host", "LlamaStackAPI", "RawHTTP",
                .product(name: "Logging", package: "swift-log", condition: server),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: server),
            ]),
        .testTarget(name: "LlamaEngineTests", dependencies: ["LlamaEngine", "CInstructionSet", "CKernels"]),
        .testTarget(name: "VectorIndexTests", dependencies: ["VectorIndex", "CVectors"]),
        .testTarget(
            name: "InferenceCPUTests", dependencies: ["InferenceCPU", "LlamaEngine", "ProviderKit"]),
        .testTarget(
            name: "InferenceBLASTests", dependencies: ["InferenceBLAS", "InferenceCPU", "LlamaEngine", "ProviderKit"]),
        .testTarget(name: "DocumentsTests", dependencies: ["Documents", "ProviderKit"]),
        .testTarget(
            name: "MemoryFileTests",
            dependencies: [
                "Documents", "FakeOrigin", "Host", "JudgedDocuments", "MemoryFile", "ProviderConformance", "ProviderKit",
                "Storage", "Torture", "VectorIndex", "llama-stack", "llama-stack-torture",
            ]),
        // The judged set, and the embeddings of its texts.
        .target(
            name: "JudgedDocuments", dependencies: ["Documents", "ProviderKit"], path: "Tests/JudgedDocuments",
            swiftSettings: strict),
        .testTarget(
            name: "MemoryPgvectorTests",
            dependencies: [
                "Documents", "Host", "JudgedDocuments", "MemoryPgvector", "Postgres", "ProviderConformance", "ProviderKit",
                "Torture", "llama-stack", "llama-stack-provider-host",
            ]),
        .testTarget(name: "FetchTests", dependencies: ["FakeOrigin", "Fetch", "LlamaStackAPI"]),
        .testTarget(name: "DatasetRowsTests", dependencies: ["DatasetRows", "LlamaStackAPI"]),
        .testTarget(name: "DatasetsFileTests", dependencies: ["FakeOrigin", "Host", "ProviderKit", "Storage"]),
        .testTarget(name: "EndToEndTests", dependencies: ["FakeOrigin", "LlamaStackAPI", "RawHTTP"]),

        // For the tests alone: a web server that does as it is told.
        .target(
            name: "FakeOrigin",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio", condition: server),
                .product(name: "NIOPosix", package: "swift-nio", condition: server),
                .product(name: "NIOSSL", package: "swift-nio-ssl", condition: server),
            ],
            path: "Tests/FakeOrigin", swiftSettings: strict),
        // For the tests alone: a client that sends exactly the bytes it is told to, and leaves when it likes.
        .target(name: "RawHTTP", path: "Tests/RawHTTP", swiftSettings: strict),
    ]
)
