// swift-tools-version: 6.2
// The import rule of the project: one row per target, arrows point down only (ARCHITECTURE.md).
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

func library(_ name: String, _ imports: [String] = []) -> Target {
    .target(name: name, dependencies: imports.map { .byName(name: $0) }, swiftSettings: settings)
}

func program(_ name: String, path: String? = nil, _ imports: [String]) -> Target {
    .executableTarget(
        name: name,
        dependencies: imports.map { .byName(name: $0) },
        path: path,
        swiftSettings: settings
    )
}

func tests(_ name: String, _ imports: [String]) -> Target {
    .testTarget(name: name, dependencies: imports.map { .byName(name: $0) }, swiftSettings: settings)
}

let package = Package(
    name: "edge",
    products: [
        .executable(name: "edge", targets: ["edge"]),
        .executable(name: "generate", targets: ["Generate"]),
        .executable(name: "status", targets: ["Status"]),
        .executable(name: "webhook", targets: ["Webhook"]),
        .executable(name: "keyset", targets: ["Keyset"]),
        .executable(name: "hello", targets: ["Hello"]),
        .library(name: "EdgeFunction", targets: ["EdgeFunction"]),
        .library(name: "HFInference", targets: ["HFInference"]),
        .library(name: "Runware", targets: ["Runware"]),
        .library(name: "Civitai", targets: ["Civitai"]),
        .library(name: "OpenAIImages", targets: ["OpenAIImages"]),
    ],
    targets: [
        // C, headers only
        .systemLibrary(name: "CGetopt"),
        .systemLibrary(name: "CUV", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"])]),
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),

        // Values without input or output
        library("CivilTime"),
        library("JSON"),
        library("Digest", ["CSodium"]),
        library("Signatures", ["COpenSSL"]),
        library("ImageFormats"),
        library("Retry", ["CivilTime"]),
        library("Secrets", ["JSON", "Digest"]),
        library("FileReading", ["JSON", "CivilTime"]),
        library("PNG", ["CZlib"]),
        library("Ledger", ["CivilTime"]),

        // Files
        library("SQLite", ["CSQLite"]),

        // The loop and what runs on it
        library("EdgeLoop", ["CUV"]),
        library("EdgeHTTP", ["EdgeLoop", "CivilTime"]),
        library("Callers", ["EdgeLoop", "CivilTime", "Digest", "JSON", "Signatures"]),
        library("Limits", ["Callers", "CivilTime", "FileReading", "JSON"]),
        library("Upstream", ["EdgeLoop", "CCurl"]),

        // Providers and functions
        library("Providers", ["ImageFormats", "JSON", "Upstream", "EdgeLoop"]),
        library("Sandbox", ["Providers", "JSON", "Digest", "PNG"]),
        library("HFInference", ["Providers", "Retry", "JSON", "CivilTime"]),
        library("Runware", ["Providers", "Retry", "JSON", "CivilTime", "Digest"]),
        library("Civitai", ["Providers", "Retry", "JSON", "CivilTime", "Digest"]),
        library("OpenAIImages", ["Providers", "EdgeLoop", "PNG", "Retry", "JSON", "CivilTime"]),
        library("EdgeFunction", ["EdgeLoop", "EdgeHTTP", "JSON", "CivilTime"]),
        program(
            "Generate",
            path: "Sources/Functions/Generate",
            [
                "EdgeFunction", "EdgeLoop", "EdgeHTTP", "JSON", "Digest", "Providers", "Sandbox", "HFInference",
                "Runware", "Civitai", "OpenAIImages", "Upstream", "CivilTime", "Secrets", "FileReading",
            ]
        ),
        program("Status", path: "Sources/Functions/Status", ["EdgeFunction", "EdgeLoop", "EdgeHTTP", "JSON"]),
        program(
            "Webhook",
            path: "Sources/Functions/Webhook",
            [
                "EdgeFunction", "EdgeLoop", "JSON", "CivilTime", "Digest", "Signatures", "Retry", "Upstream",
                "FileReading",
            ]
        ),
        program(
            "Keyset",
            path: "Sources/Functions/Keyset",
            ["EdgeFunction", "EdgeLoop", "EdgeHTTP", "JSON", "Upstream"]
        ),
        program("Hello", path: "Sources/Functions/Hello", ["EdgeFunction"]),

        // The host and its command
        library(
            "EdgeRuntime",
            [
                "EdgeLoop", "EdgeHTTP", "Retry", "Secrets", "JSON", "CivilTime", "Digest", "FileReading",
                "ImageFormats", "Callers", "Limits", "Ledger", "SQLite",
            ]
        ),
        program("edge", ["EdgeRuntime", "EdgeLoop", "Secrets", "CGetopt"]),

        // Tests
        .target(
            name: "TestSupport",
            dependencies: ["EdgeLoop", "JSON", "CivilTime", "Providers"],
            path: "Tests/Support",
            swiftSettings: settings
        ),
        tests("EdgeLoopTests", ["EdgeLoop", "TestSupport"]),
        tests("CivilTimeTests", ["CivilTime", "TestSupport"]),
        tests("JSONTests", ["JSON"]),
        tests("DigestTests", ["Digest"]),
        tests("RetryTests", ["Retry", "CivilTime"]),
        tests("FileReadingTests", ["FileReading", "JSON"]),
        tests("SecretsTests", ["Secrets", "JSON", "TestSupport"]),
        tests(
            "EdgeRuntimeTests",
            [
                "EdgeRuntime", "EdgeLoop", "EdgeHTTP", "CivilTime", "Digest", "JSON", "Retry", "Secrets", "FileReading",
                "Callers", "Limits", "Ledger", "SQLite", "TestSupport",
            ]
        ),
        tests("SQLiteTests", ["SQLite", "TestSupport"]),
        tests("LedgerTests", ["Ledger", "CivilTime"]),
        tests("ProvidersTests", ["Providers", "ImageFormats", "JSON", "TestSupport"]),
        tests("SignaturesTests", ["Signatures", "Digest"]),
        tests("CallersTests", ["Callers", "EdgeLoop", "CivilTime", "Digest", "JSON", "Signatures", "TestSupport"]),
        tests("LimitsTests", ["Limits", "Callers", "CivilTime", "FileReading", "JSON", "TestSupport"]),
        tests("PNGTests", ["PNG"]),
        tests("SandboxTests", ["Sandbox", "Providers", "JSON"]),
        tests("EdgeHTTPTests", ["EdgeHTTP", "EdgeLoop", "CivilTime", "TestSupport"]),
        tests(
            "HFInferenceTests",
            ["HFInference", "Providers", "Upstream", "EdgeLoop", "JSON", "CivilTime", "TestSupport"]
        ),
        tests("RunwareTests", ["Runware", "Providers", "Upstream", "EdgeLoop", "JSON", "CivilTime", "TestSupport"]),
        tests("CivitaiTests", ["Civitai", "Providers", "Upstream", "EdgeLoop", "JSON", "CivilTime", "TestSupport"]),
        tests(
            "GenerateTests",
            [
                "Generate", "EdgeFunction", "HFInference", "Sandbox", "Providers", "JSON", "Upstream", "EdgeLoop",
                "FileReading", "TestSupport",
            ]
        ),
        tests(
            "OpenAIImagesTests",
            ["OpenAIImages", "PNG", "Providers", "Upstream", "EdgeLoop", "JSON", "CivilTime", "TestSupport"]
        ),
        tests("UpstreamTests", ["Upstream", "EdgeLoop", "TestSupport"]),
        program("TestFunction", path: "Tests/TestFunction", []),
        program("TestHost", path: "Tests/TestHost", ["EdgeLoop"]),
        tests("EdgeFunctionTests", ["EdgeFunction", "Hello", "TestSupport"]),
        tests("StatusTests", ["Status", "EdgeFunction", "TestSupport"]),
        tests("KeysetTests", ["Keyset", "EdgeFunction", "EdgeHTTP", "Upstream", "JSON", "TestSupport"]),
        tests("WebhookTests", ["Webhook", "EdgeFunction", "Upstream", "JSON", "CivilTime", "TestSupport"]),
        tests("EndToEndTests", ["EdgeLoop", "JSON", "CivilTime", "Digest", "Signatures", "TestSupport"]),
        tests(
            "DocumentTests",
            ["EdgeRuntime", "EdgeHTTP", "EdgeLoop", "FileReading", "Generate", "JSON", "Secrets", "TestSupport"]
        ),
    ]
)
