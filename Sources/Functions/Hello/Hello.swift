// The smallest function: says hello to whom the path names.
import EdgeFunction

@main
struct Hello: Function {
    func respond(to request: Request) async throws -> Response {
        let name = request.path.dropFirst()
        return .text("hello \(name.isEmpty ? "world" : name)\n")
    }
}
