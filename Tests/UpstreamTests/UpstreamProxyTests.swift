import EdgeLoop
import Glibc
import TestSupport
import Testing
import Upstream

/// Variables belong to a whole process, so each of these has a process of its own.
struct UpstreamProxyTests {
    init() { TestLoop.start() }

    @LoopActor private func proxy(_ answer: ScriptedAnswer) throws -> ScriptedUpstream {
        let proxy = try ScriptedUpstream(always: answer)
        setenv("no_proxy", "127.0.0.1", 1)
        setenv("http_proxy", proxy.url, 1)
        setenv("HTTPS_PROXY", proxy.url, 1)
        return proxy
    }

    @Test @LoopActor func `a proxy from the environment gets the call, and NO_PROXY is heeded`() async throws {
        try await alone { try await heeded() }
    }

    @LoopActor private func heeded() async throws {
        let proxy = try proxy(.status(200, body: [1]))
        let direct = try ScriptedUpstream(always: .status(204))
        let upstream = Upstream()

        let response = try await upstream.call(UpstreamRequest("GET", "http://far.example/x"))
        let other = try await upstream.call(UpstreamRequest("GET", direct.url))

        #expect(try await response.body.collect() == [1])
        #expect(proxy.requests.map(\.target) == ["http://far.example/x"])
        #expect(other.status == 204)
    }

    @Test @LoopActor func `https goes through a tunnel, whose head is not the answer, and credentials stay out of it`()
        async throws
    {
        try await alone { try await tunneled() }
    }

    @LoopActor private func tunneled() async throws {
        let proxy = try proxy(.status(403, headers: [("X-From", "proxy")]))

        let error = await failure {
            try await Upstream().call(
                UpstreamRequest("POST", "https://far.example/x", headers: ["Authorization": "Bearer secret"])
            )
        }

        guard case .cannotConnect = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.mayHaveBeenSent == false)
        #expect(proxy.requests.map(\.method) == ["CONNECT"])
        #expect(proxy.requests[0].target == "far.example:443")
        #expect(proxy.requests[0].header("authorization") == nil)
    }

    @Test @LoopActor func `a metadata address is not asked of a proxy either`() async throws {
        try await alone { try await refused() }
    }

    @LoopActor private func refused() async throws {
        let proxy = try proxy(.status(200))

        let error = await failure { try await Upstream().call(UpstreamRequest("GET", "http://169.254.169.254/")) }

        #expect(error?.reason == .addressRefused("169.254.169.254"))
        #expect(proxy.calls == 0)
    }
}
