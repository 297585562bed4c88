import TestSupport
import Testing

@testable import EdgeFunction

struct FunctionTests {
    init() { TestLoop.start() }

    private struct Echo: Function {
        func respond(to request: Request) async throws -> Response {
            switch request.path {
            case "/problem":
                throw Problem(status: 429, code: "slow_down", detail: "Ask later.", retryAfter: .milliseconds(1500))
            case "/crash": throw Inside()
            default:
                return .text("\(request.method) \(request.target) \(try await request.body.collect(upTo: 99).count)")
            }
        }
    }
    private struct Inside: Error { let secret = "token hf_123" }

    @Test @LoopActor func `a request goes in and a response comes out`() async throws {
        let served = try Served(FunctionHandler(Echo()))

        let answer = try await served.send("POST", "/a?b=c", body: "xyz")

        #expect(answer.status == 200)
        #expect(answer.text == "POST /a?b=c 3")
    }

    @Test @LoopActor func `a thrown problem is the answer, with everything that clients look for`() async throws {
        let served = try Served(FunctionHandler(Echo()))

        let answer = try await served.send("GET", "/problem", headers: ["Edge-Request-Id": "r1"])

        #expect(answer.status == 429)
        #expect(answer.headers["Retry-After"] == "2")
        #expect(answer.headers["Content-Type"] == "application/json")
        #expect(
            answer.json == [
                "type": "about:blank", "title": "Too Many Requests", "status": 429, "detail": "Ask later.",
                "code": "slow_down", "message": "Ask later.", "error": "Ask later.", "requestId": "r1", "retryAfter": 2,
            ]
        )
    }

    @Test @LoopActor func `an unforeseen error tells the caller nothing of the inside`() async throws {
        let served = try Served(FunctionHandler(Echo()))

        let answer = try await served.send("GET", "/crash")

        #expect(answer.status == 500)
        #expect(answer.json?["code"] == "function_failed")
        #expect(!answer.text.contains("hf_123") && !answer.text.contains("Inside"))
    }

    @Test @LoopActor func `a body beyond what the function reads is 413`() async throws {
        let served = try Served(FunctionHandler(Echo()))

        let answer = try await served.send("POST", "/", body: String(repeating: "x", count: 100))

        #expect(answer.status == 413)
        #expect(answer.json?["detail"] == "The body is larger than 99 bytes.")
    }

    private struct Waiting: Function {
        func respond(to request: Request) async throws -> Response {
            began.open()
            do {
                try await sleep(for: .seconds(3600))
            } catch {
                cancelled.open()
                throw error
            }
            return .text("late")
        }
    }

    @Test @LoopActor func `the work is cancelled when the host closes the connection`() async throws {
        let served = try Served(FunctionHandler(Waiting()))
        let call = Task { @LoopActor in try await served.send("GET", "/") }
        await began.wait()

        call.cancel()

        await cancelled.wait()
        await #expect(throws: CancellationError.self) { try await call.value }
    }
}

@LoopActor private let began = Gate()
@LoopActor private let cancelled = Gate()
