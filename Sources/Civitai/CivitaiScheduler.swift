// Schedulers by Civitai's names, and by those that other programs have for them.

enum CivitaiScheduler {
    /// As the API writes them.
    static let names = [
        "eulerA", "euler", "lms", "heun", "dpM2", "dpM2A", "dpM2SA", "dpM2M", "dpmsde", "dpmFast", "dpmAdaptive",
        "lmsKarras", "dpM2Karras", "dpM2AKarras", "dpM2SAKarras", "dpM2MKarras", "dpmsdeKarras", "ddim", "plms",
        "uniPC", "lcm", "ddpm", "deis", "dpM3MSDE",
    ]

    /// The API's name of a scheduler; nil: it has none.
    static func named(_ text: String) -> String? {
        var word = plain(text)
        if let name = byWord[word] { return name }
        // The classes of the library diffusers.
        for ending in ["scheduler", "discrete", "multistep"] where word.hasSuffix(ending) {
            word.removeLast(ending.count)
        }
        return byWord[word]
    }

    /// Letters and digits alone, a plus as p: `DPM++ 2M Karras` and `dpmpp_2m_karras` are the same word.
    private static func plain(_ text: String) -> String {
        text.lowercased().replacing("++", with: "pp").filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
    }

    private static let byWord: [String: String] = {
        var words = Dictionary(uniqueKeysWithValues: names.map { (plain($0), $0) })
        for (word, name) in others { words[word] = name }
        return words
    }()

    private static let others = [
        "eulerancestral": "eulerA", "dpm2ancestral": "dpM2A", "dpm2akarras": "dpM2AKarras", "kdpm2": "dpM2",
        "kdpm2ancestral": "dpM2A", "dpmpp2sa": "dpM2SA", "dpmpp2sakarras": "dpM2SAKarras", "dpmpp2m": "dpM2M",
        "dpmpp2mkarras": "dpM2MKarras", "dpmppsde": "dpmsde", "dpmppsdekarras": "dpmsdeKarras", "dpmsolver": "dpM2M",
        "dpmpp3msde": "dpM3MSDE", "pndm": "plms",
    ]
}
