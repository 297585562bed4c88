// A host with the functions of the README, in a folder that looks to its commands like a clone.
import EdgeLoop
import Glibc
import JSON
import TestSupport

/// What the README's commands need around them.
@LoopActor
enum ReadmeHost {
    nonisolated static let readme = Document("README.md")

    /// The example of functions.json.
    nonisolated static var manifest: JSONValue {
        let examples = readme.blocks("json").compactMap { try? JSONValue.parse($0.text) }
        guard let manifest = examples.first(where: { $0["functions"] != nil }) else {
            preconditionFailure("README.md shows no functions.json")
        }
        return manifest
    }

    /// A host whose folder holds every file that the README shows.
    static func prepared(environment: [(name: String, value: String)] = []) -> EdgeHost {
        let host = EdgeHost(EdgeOptions(manifest: manifest, environment: environment))
        for block in readme.blocks { if let name = block.fileName { host.folder.write(block.text, to: name) } }
        makeFolder("\(host.folder.path)/.build")
        makeFolder("\(host.folder.path)/.build/release")
        precondition(symlink(BuiltPrograms.edge, "\(host.folder.path)/.build/release/edge") == 0, "cannot link edge")
        return host
    }

    /// A text of the README with the port and the state folder of the test's host.
    static func adapted(_ text: String, to host: EdgeHost) -> String {
        ["edge providers", "edge spend", "edge usage"].reduce(text.replacing("8787", with: "\(host.port)")) {
            $0.replacing($1, with: "\($1) --state state")
        }
    }
}
