using System.Security.Cryptography;
using System.Text;

namespace MailPlus.Tests.Accounts.Sasl;

/// <summary>The client's side of SCRAM-SHA-256 (RFC 5802 3), written from the RFC's formulas, with every part that a test wants to spoil in the open.</summary>
internal sealed class ScramClient(string name, string password)
{
    private string _clientFirst = "";
    private string _authMessage = "";
    private byte[] _salted = [];

    /// <summary>The GS2 header.</summary>
    public string Header { get; init; } = "n,,";

    /// <summary>What the channel is bound to.</summary>
    public byte[] Binding { get; init; } = [];

    /// <summary>The salt the server named.</summary>
    public string Salt { get; private set; } = "";

    public byte[] First(string nonce = "rOprNGfwEbeRWgbNEkqO")
    {
        _clientFirst = $"n={name.Replace("=", "=3D").Replace(",", "=2C")},r={nonce}";
        return Encoding.UTF8.GetBytes(Header + _clientFirst);
    }

    public byte[] Final(byte[] serverFirst, Func<string, string>? spoil = null)
    {
        var first = Encoding.UTF8.GetString(serverFirst);
        var fields = first.Split(',');
        Salt = fields[1][2..];
        _salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), Convert.FromBase64String(Salt), int.Parse(fields[2][2..]), HashAlgorithmName.SHA256, 32);
        var clientKey = HMACSHA256.HashData(_salted, "Client Key"u8);
        var withoutProof = $"c={Convert.ToBase64String([.. Encoding.UTF8.GetBytes(Header), .. Binding])},{fields[0]}";
        _authMessage = $"{_clientFirst},{first},{withoutProof}";
        var signature = HMACSHA256.HashData(SHA256.HashData(clientKey), Encoding.UTF8.GetBytes(_authMessage));
        var proof = clientKey.Select((octet, i) => (byte)(octet ^ signature[i])).ToArray();
        var message = $"{withoutProof},p={Convert.ToBase64String(proof)}";
        return Encoding.UTF8.GetBytes(spoil?.Invoke(message) ?? message);
    }

    /// <summary>Whether the server has proven that it knows the verifier.</summary>
    public bool Trusts(byte[] serverFinal) => Encoding.ASCII.GetString(serverFinal)
        == "v=" + Convert.ToBase64String(HMACSHA256.HashData(HMACSHA256.HashData(_salted, "Server Key"u8), Encoding.UTF8.GetBytes(_authMessage)));
}
