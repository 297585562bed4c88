// The official Python clients of other APIs, in a virtual environment of the build folder.
internal import EdgeLoop
internal import Glibc

/// `scripts/setup test` installs them.
public enum RealClients {
    private static let folder = "\(BuiltPrograms.manifest.dropLast("/functions.json".count))/.build/clients"

    /// Whether they are there.
    public static let areInstalled = access("\(folder)/ready", R_OK) == 0

    /// What a test that needs them says when it is skipped.
    public static let advice: String =
        "needs openai, huggingface_hub and pillow in .build/clients: run scripts/setup test"

    /// Runs a script with them; `host` is what it finds as its first argument.
    @LoopActor
    public static func run(_ script: String, host: EdgeHost) async throws -> EdgeCommandResult {
        host.folder.write(script, to: "client.py")
        return try await runProgram(
            "\(folder)/bin/python",
            ["client.py", "http://127.0.0.1:\(host.port)"],
            in: host.folder,
            environment: [("HF_HUB_OFFLINE", "0"), ("PYTHONWARNINGS", "ignore")]
        )
    }
}
