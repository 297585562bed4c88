import EdgeHTTP
import EdgeLoop
import Glibc
import JSON
import Testing

@testable import EdgeRuntime

struct ProblemTests {
    private func header(_ problem: Problem, _ name: String) -> String? {
        problem.headers.first { $0.name == name }?.value
    }

    @Test func `a problem has every member that some client looks for`() throws {
        let problem = Problem(
            status: 429,
            code: "limit",
            message: "200 runs a day are used up (job.perDay)",
            retryAfter: 12
        )

        let document = try JSONValue.parse(problem.body(requestID: "r1"))

        #expect(
            document == [
                "type": "about:blank", "title": "Too Many Requests", "status": 429,
                "detail": "200 runs a day are used up (job.perDay)", "code": "limit",
                "message": "200 runs a day are used up (job.perDay)",
                "error": "200 runs a day are used up (job.perDay)",
                "requestId": "r1", "retryAfter": 12,
            ]
        )
        #expect(header(problem, "Content-Type") == "application/json")
        #expect(header(problem, "Retry-After") == "12")
        #expect(header(problem, "Cache-Control") == "no-store")
        #expect(header(problem, "X-Relay-Error") == nil)
        #expect(header(problem, "SB-Error-Code") == nil)
    }

    @Test func `wrong fields are named`() {
        let problem = Problem(
            status: 400,
            code: "invalid_request",
            message: "two fields are wrong",
            field: "width",
            errors: [.init(field: "width", message: "64 to 2048"), .init(field: "steps", message: "1 to 150")]
        )

        let document = problem.document(requestID: "r")

        #expect(document["field"] == "width")
        #expect(
            document["errors"]
                == [["field": "width", "message": "64 to 2048"], ["field": "steps", "message": "1 to 150"]]
        )
    }

    @Test(
        "Faults of the runtime carry the names and marks that Supabase clients know",
        arguments: [
            (IsolateError.startFailed(function: "f", reason: "x", retryAfter: .seconds(2)), 503, "BOOT_ERROR"),
            (.died(function: "f", exit: .exited(1)), 502, "WORKER_ERROR"),
            (.timedOut(function: "f", after: .seconds(60)), 504, "IDLE_TIMEOUT"),
            (.queueFull(function: "f", places: 256, retryAfter: .seconds(1)), 503, "WORKER_LIMIT"),
        ]
    )
    @LoopActor
    func faults(error: IsolateError, status: Int, code: String) {
        let problem = JobAnswers.problem(error)

        #expect(problem.status == status)
        #expect(problem.code == code)
        #expect(header(problem, "SB-Error-Code") == code)
        #expect(header(problem, "X-Relay-Error") == "true")
        #expect(header(problem, "X-Relay-Header") == "true")
    }

    @Test @LoopActor func `a request whose own body broke off is no fault of the runtime`() {
        let problem = JobAnswers.problem(.requestBroken(function: "f", reason: "x"))

        #expect(problem.status == 400)
        #expect(header(problem, "SB-Error-Code") == nil)
        #expect(header(problem, "X-Relay-Error") == nil)
    }

    @Test @LoopActor func `what a function may not be told is left to the log`() {
        let full = StateError.failed(doing: "write", path: "/secret/place", code: ENOSPC)

        let (problem, isFault) = Problem.told(full, function: "f")

        #expect(isFault)
        #expect(problem.status == 503 && problem.retryAfter != nil)
        #expect(!problem.message.contains("place"))
        #expect(Problem.told(StateError.unknown(id: "j"), function: "f").problem.status == 404)
        #expect(Problem.told(HTTPBodyError.tooLarge(limit: 65_536), function: "f").problem.status == 413)
    }

    @Test func `an unknown function is the caller's mistake and lists the functions`() {
        let problem = Problem.unknownFunction("genrate", known: ["generate", "status"])

        #expect(problem.status == 404)
        #expect(problem.message == "there is no function named genrate; this host has: generate, status")
        #expect(problem.document(requestID: "r")["functions"] == ["generate", "status"])
        #expect(header(problem, "SB-Error-Code") == "NOT_FOUND")
        #expect(header(problem, "X-Relay-Error") == nil)
        #expect(
            Problem.unknownFunction("", known: []).message == "the path names no function; this host has no functions"
        )
    }

    @Test func `a wrong method is told with Allow`() {
        let problem = Problem.methodNotAllowed("DELETE", allow: ["GET", "POST"])

        #expect(problem.status == 405)
        #expect(header(problem, "Allow") == "GET, POST")
        #expect(problem.message == "DELETE is not allowed here; use GET, POST")
    }

    @Test func `limits are named with the setting that changes them`() {
        #expect(
            Problem.bodyTooLarge(limit: 16 << 20).message
                == "the request body is larger than 16MB, the function's limit (body in functions.json)"
        )
        #expect(Problem.originRefused("https://evil.example").message.contains("host.origins"))
        #expect(Problem.notAcceptable.message.contains("application/json"))
    }

    @Test func `a function's own document gets the shape and keeps its further members`() {
        let problem = Problem(
            status: 400,
            document: [
                "title": "Bad prompt", "detail": "the prompt is empty", "code": "invalid", "field": "prompt",
                "error": ["x": 1],
                "requestId": "forged", "status": 200, "estimate": 3,
                "errors": [["field": "prompt", "message": "empty"], "junk"],
            ]
        )

        let document = problem.document(requestID: "r9")

        #expect(document["title"] == "Bad prompt")
        #expect(document["message"] == "the prompt is empty" && document["error"] == "the prompt is empty")
        #expect(document["status"] == 400 && document["requestId"] == "r9")
        #expect(document["code"] == "invalid" && document["field"] == "prompt" && document["estimate"] == 3)
        #expect(document["errors"] == [["field": "prompt", "message": "empty"]])
    }

    @Test func `a function that says nothing still gives a sentence`() {
        let problem = Problem(status: 422, document: [:], retryAfter: 3)

        #expect(problem.message == "the function answered 422 without a reason")
        #expect(problem.document(requestID: "r")["title"] == "Unprocessable Content")
        #expect(problem.retryAfter == 3)
    }

    @Test func `a refused token has its text where Supabase has it`() {
        #expect(Problem(status: 401, code: "x", message: "m").document(requestID: "r")["msg"] == "m")
    }
}
