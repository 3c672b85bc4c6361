using System.Security.Cryptography;
using System.Text;

namespace MailPlus.Engine.Hosting;

/// <summary>
/// The one-time token of the set-up wizard: kept in an owner-only file of the data folder, so that it survives a restart, and gone once set up. Nobody else can take a fresh server over.
/// </summary>
public sealed class FirstRun(string dataFolder)
{
    private const int TokenOctets = 16;
    private readonly string _fileName = Path.Combine(dataFolder, "setup-token");
    private string? _token;

    /// <summary>The token while set-up is needed, else null.</summary>
    public string? Token => Volatile.Read(ref _token);

    /// <summary>Reads or makes the token.</summary>
    internal void Begin()
    {
        if (File.Exists(_fileName) && File.ReadAllText(_fileName).Trim() is { Length: TokenOctets * 2 } kept)
        {
            Volatile.Write(ref _token, kept);
            return;
        }

        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenOctets));
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var file = new StreamWriter(_fileName, options))
        {
            file.WriteLine(token);
        }

        Volatile.Write(ref _token, token);
    }

    /// <summary>Takes the token away: set-up is done.</summary>
    internal void End()
    {
        Volatile.Write(ref _token, null);
        File.Delete(_fileName);
    }

    /// <summary>Whether this is the token; constant time.</summary>
    internal bool IsToken(string? token) =>
        Token is { } expected && token is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(expected), Encoding.UTF8.GetBytes(token));
}
