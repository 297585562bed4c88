// Where the programs under test are.
internal import Glibc

/// The folder of the test bundle, where the build puts every program.
public enum BuiltPrograms {
    public static let folder: String = {
        var path = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &path, path.count)
        let text = String(decoding: path[..<max(count, 0)], as: UTF8.self)
        return String(text[..<(text.lastIndex(of: "/") ?? text.startIndex)])
    }()

    public static let edge = "\(folder)/edge"

    /// The manifest of the bundled functions: in the clone that holds `.build/<triple>/debug`.
    public static let manifest: String = {
        var place = folder[...]
        while let slash = place.lastIndex(of: "/") {
            if access("\(place)/functions.json", R_OK) == 0 { return "\(place)/functions.json" }
            place = place[..<slash]
        }
        preconditionFailure("no functions.json above \(folder)")
    }()
}
