// A host for tests that only starts one child, under the guard, and waits to be killed.
import EdgeLoop
import Glibc

LoopActor.main {
    do {
        try ProcessGuard.start()
        var options = ChildOptions(program: CommandLine.arguments[1])
        options.arguments = ["--forks"]
        options.environment = [("EDGE_SOCKET", CommandLine.arguments[2])]
        let child = try ChildProcess(options)
        print(child.id)
        fflush(nil)
        try await sleep(for: .seconds(600))
    } catch {
        print(error)
    }
    return 1
}
