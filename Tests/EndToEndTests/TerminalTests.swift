// A host that was started at a terminal, whose window is closed.
import EdgeLoop
import JSON
import TestSupport
import Testing

struct TerminalTests {
    init() { TestLoop.start() }

    /// Runs the host on a terminal of its own, asks it once, closes the terminal, and tells how the host and what it had started end.
    private static let script = """
        import os, pty, re, sys, time, urllib.request
        def parent(process):
            try:
                return open(f"/proc/{process}/stat").read().rsplit(")", 1)[1].split()[1]
            except OSError:
                return None  # it has just ended
        id, terminal = pty.fork()
        if id == 0:
            os.execv(sys.argv[1], sys.argv[1:])
        seen = b""
        while b"try: curl" not in seen:
            seen += os.read(terminal, 65536)
        url = re.search(r"http://127\\.0\\.0\\.1:\\d+", seen.decode()).group()
        status = urllib.request.urlopen(url + "/status").status
        children = [p for p in os.listdir("/proc") if p.isdigit() and parent(p) == str(id)]
        os.close(terminal)
        ended = os.waitstatus_to_exitcode(os.waitpid(id, 0)[1])
        begin = time.time()
        while any(os.path.exists(f"/proc/{p}") for p in children) and time.time() - begin < 100:
            time.sleep(0.02)
        left = [p for p in children if os.path.exists(f"/proc/{p}")]
        print("answered", status, "children", len(children) > 0, "exit", ended, "left", len(left))
        """

    @Test @LoopActor func `a closed terminal ends the host like a stop, and nothing stays behind`() async throws {
        let folder = TemporaryFolder()
        // A drain beyond the patience of a test: who waits it out fails.
        folder.write(TestManifest.bundled([("host.drain", "5m")]).text(), to: "functions.json")
        folder.write(TestSettings.bundled.text(pretty: true), to: "generate.json")
        folder.write(Self.script, to: "terminal.py")

        let result = try await runProgram(
            "/usr/bin/python3",
            ["terminal.py", BuiltPrograms.edge, "serve", "--port", "0", "--state", "state"],
            in: folder
        )

        #expect(result.output == "answered 200 children True exit 0 left 0\n", "\(result.text)")
    }
}
