import EdgeLoop
import Glibc
import TestSupport
import Testing
import Upstream

/// Against nginx, which speaks TLS and HTTP/2; skipped where it or openssl is missing. What curl trusts is a variable, which
/// belongs to a whole process, so each of these has a process of its own.
@Suite(.enabled(if: access("/usr/sbin/nginx", X_OK) == 0 && access("/usr/bin/openssl", X_OK) == 0))
struct UpstreamTLSTests {
    init() { TestLoop.start() }

    @Test @LoopActor func `HTTP/2 is used where it is offered, and a certificate that nobody vouches for is refused`()
        async throws
    {
        try await alone { try await offered() }
    }

    @LoopActor private func offered() async throws {
        let server = try await TLSServer()
        let request = UpstreamRequest("POST", "https://localhost:\(server.port)/x", body: .bytes(Array("abc".utf8)))

        let refused = await failure { try await Upstream().call(request) }
        setenv("SSL_CERT_FILE", server.certificate, 1)
        let upstream = Upstream()
        var bodies: [String] = []
        for _ in 0..<2 {
            let response = try await upstream.call(request)
            #expect(response.headers["x-protocol"] == "HTTP/2.0")
            bodies.append(String(decoding: try await response.body.collect(), as: UTF8.self))
        }
        let large = try await upstream.call(UpstreamRequest("GET", "https://localhost:\(server.port)/large"))
        let otherName = await failure {
            try await Upstream().call(UpstreamRequest("GET", "https://127.0.0.1:\(server.port)/"))
        }

        guard case .tlsFailed = refused?.reason, case .tlsFailed = otherName?.reason else {
            Issue.record("\(String(describing: refused)) \(String(describing: otherName))")
            return
        }
        #expect(refused?.mayHaveBeenSent == false)
        #expect(bodies[0] == bodies[1])  // nginx's number of the connection
        #expect(try await large.body.collect().count == 3_000_000)
        await server.stop()
    }

    @Test @LoopActor func `slow bodies go out over one HTTP/2 connection, each whole and to its own call`() async throws
    {
        try await alone { try await sharing() }
    }

    @LoopActor private func sharing() async throws {
        let behind = try ScriptedUpstream(always: .status(200))
        let server = try await TLSServer(behind: behind.url)
        setenv("SSL_CERT_FILE", server.certificate, 1)
        let upstream = Upstream()
        let url = "https://localhost:\(server.port)/through"
        _ = try await upstream.call(UpstreamRequest("GET", "https://localhost:\(server.port)/")).body.collect()
        let gate = Gate()
        var halfway = 0
        let calls = (0..<5).map { number in
            Task { @LoopActor in
                var left = 4
                let piece = [UInt8](repeating: UInt8(number), count: 50_000)
                let body = UpstreamRequest.Body.stream(length: nil) {
                    left -= 1
                    if left == 1 {
                        halfway += 1
                        await gate.wait()
                    }
                    return left > 0 ? piece : nil
                }
                return try await upstream.call(UpstreamRequest("POST", url, body: body)).headers["x-connection"]
            }
        }
        try await eventually("all calls to be half way") { halfway == 5 }
        gate.open()

        var connections: Set<String?> = []
        for call in calls { connections.insert(try await call.value) }
        #expect(connections.count == 1)
        #expect(behind.requests.map(\.body.count) == [Int](repeating: 150_000, count: 5))
        #expect(Set(behind.requests.map { $0.body.first ?? 99 }) == [0, 1, 2, 3, 4])
        await server.stop()
    }
}

private struct NoServer: Error, CustomStringConvertible {
    var description: String { "nginx does not start" }
}

/// nginx with a certificate of its own for "localhost".
@LoopActor
private final class TLSServer {
    let port: UInt16
    let certificate: String
    private let folder = TemporaryFolder()
    private let held: HeldPort
    private let process: ChildProcess

    init(behind: String = "http://127.0.0.1:1") async throws {
        certificate = folder.path + "/cert.pem"
        var openssl = ChildOptions(program: "/usr/bin/openssl")
        openssl.arguments = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", folder.path + "/key.pem", "-out",
            certificate,
        ]
        #expect(await (try ChildProcess(openssl)).wait() == .exited(0))
        folder.write(String(repeating: "x", count: 3_000_000), to: "large")
        // nginx takes no port of the system's choice: one that nobody else gets.
        held = try HeldPort()
        port = held.number
        process = try await Self.start(in: folder, port, behind: behind)
    }

    private static func start(
        in folder: TemporaryFolder,
        _ port: UInt16,
        behind: String
    ) async throws -> ChildProcess {
        let address = try #require(IPAddress("127.0.0.1"))
        folder.write(
            """
            daemon off; master_process off; pid \(folder.path)/pid; error_log stderr;
            events { }
            http {
              access_log off; client_body_temp_path \(folder.path)/b; proxy_temp_path \(folder.path)/p;
              fastcgi_temp_path \(folder.path)/f; uwsgi_temp_path \(folder.path)/u; scgi_temp_path \(folder.path)/s;
              server {
                listen 127.0.0.1:\(port) ssl http2;
                ssl_certificate \(folder.path)/cert.pem; ssl_certificate_key \(folder.path)/key.pem;
                add_header X-Protocol $server_protocol; add_header X-Connection $connection;
                location / { return 200 "$connection"; }
                location /through { proxy_pass \(behind); }
                location /large { root \(folder.path); }
              }
            }
            """,
            to: "nginx.conf"
        )
        var nginx = ChildOptions(program: "/usr/sbin/nginx")
        nginx.arguments = ["-c", folder.path + "/nginx.conf", "-p", folder.path]
        let process = try ChildProcess(nginx)
        while process.exit == nil {
            if let socket = try? await Socket.connect(to: .ip(address, port: port)) {
                socket.close()
                return process
            }
            try await sleep(for: .milliseconds(2))
        }
        throw NoServer()
    }

    func stop() async {
        process.signal(SIGTERM)
        _ = await process.wait()
    }

    isolated deinit { process.signal(SIGKILL) }
}
