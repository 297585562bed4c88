// Tokens and their key set, made with the openssl command: sub u1, tier premium in app_metadata, good until the year 2100.

public enum TokenSamples {
    public static let keySet =
        #"{"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","kid":"ec-1","use":"sig","key_ops":["verify"],"x":"amOQ5sKFUq"#
        + #"fOg3jChtiKF06ZXDIVTZCjk_9QhDDPIA0","y":"loyrbsgu8dAhJa55D0kX7-eEp0xKN6GFNhNlZWcjWbY"},{"kty":"RSA","alg":"RS25"#
        + #"6","kid":"rsa-1","use":"sig","n":"9x7X7kvmdLY7lTQMco6_9lKLAffmiykrDM_7-T-0aG01REEbNZvk90MJy47F1tq4HR6s5kplbpX6"#
        + "IqZoSWVkfNuoiDND2oC7AubiF31aG1AtuIMYG14HJFaxvlrJY1xmZ76uLQChQQQaP_OlCfD9pTiUvO6JSQg0Xh6_TRCYfQhvR4aLMEQ91K6q2t"
        + "XeKl0_orCTIlrRukLeQmg8cr2y7RTc-35Kjkl9JJid26FxxVlp90dCX5sy_OsXiNbCn5mAYAc7zGte1n7uwPlMqMWLwQD1JzhoruEx_RBjeeSy"
        + #"Wv7qODnIkFHs2bx1p-yhJL0VdXZVq5Pmu0NmxUZ09216CQ","e":"AQAB"}]}"#

    public static let es256 =
        "eyJhbGciOiJFUzI1NiIsImtpZCI6ImVjLTEifQ.eyJzdWIiOiJ1MSIsInJvbGUiOiJhdXRoZW50aWNhdGVkIiwiYXVkIjoiYXV0aGVudGljYXR"
        + "lZCIsImV4cCI6NDEwMjQ0NDgwMCwiYXBwX21ldGFkYXRhIjp7InRpZXIiOiJwcmVtaXVtIn19.FsKSxqbJ-Q8GA5OdhYuWT9kg-w9HmwvNwfvX"
        + "6qkrqmCXfhh7SlQEipOHS0jaHKvXgVUFLYlhAXsJoombp7UPuw"

    public static let rs256 =
        "eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYS0xIn0.eyJzdWIiOiJ1MSIsInJvbGUiOiJhdXRoZW50aWNhdGVkIiwiYXVkIjoiYXV0aGVudGljYX"
        + "RlZCIsImV4cCI6NDEwMjQ0NDgwMCwiYXBwX21ldGFkYXRhIjp7InRpZXIiOiJwcmVtaXVtIn19.DH-34gRwxkBLwroNU_5p11UojzG03hX5NMa"
        + "7hUK9OKDTSCbsVaDnIKAmawp6qx4tR5GLuiQu1dvnLeiTxyuBjghSTT6usxBDwdwcaYmoYXlq-GRF48H0SyWS6_RLlhCVTiMeW2w5tqpnMqVJA"
        + "npvABA_lmPc3loiBYPR22IB8e7wopRC2Mp9EIBwSfhhqhyHUwxzpFXz9R8sKPd7_PXzy3oVbl5BC7U4JW_eMmLqjj9nZw69j8dVHekEDkyes_G"
        + "U8LXnykw2wM1-kTGFLS6fZ6FevFo-iSt08c26wW6pRMBO8JznjGR_QQcs59wSLUzoX7pbPpkL9HDoTmF4vilb7g"

    /// From Supabase's local stack: HS256, sub u1.
    public static let secret = "super-secret-jwt-token-with-at-least-32-characters-long"
    public static let hs256 =
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1MSIsInJvbGUiOiJhdXRoZW50aWNhdGVkIiwiYXVkIjoiYXV0aGVudGljYXRlZCIs"
        + "ImV4cCI6NDEwMjQ0NDgwMH0.zmsYHopJNifD0UHdMSOBkOmvZv2HAda9XTw8mUchXrs"
}
