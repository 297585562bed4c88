// What a query becomes as the input of a job.
import JSON
import Testing

@testable import EdgeRuntime

struct QueryInputTests {
    @Test func `fields are strings, decoded, with + as a blank`() throws {
        let input = try QueryInput.object("prompt=a+red%20f%C3%B6x&width=64&flag&sum=1%2B1=2")

        #expect(input == ["prompt": "a red föx", "width": "64", "flag": "", "sum": "1+1=2"])
    }

    @Test("No query is an empty input", arguments: [nil, ""])
    func empty(query: String?) throws {
        #expect(try QueryInput.object(query) == [:])
    }

    @Test("What is ambiguous or cut is refused", arguments: ["a=1&a=2", "a=1&%61=2", "a=%4", "a=%zz", "a=%ff", "%=1"])
    func refused(query: String) {
        let problem = #expect(throws: Problem.self) { try QueryInput.object(query) }

        #expect(problem?.status == 400)
        #expect(problem?.code == "bad_query")
    }
}
