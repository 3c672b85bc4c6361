using System.Globalization;
using MailPlus.Engine.Accounts.Licensing;

namespace MailPlus.Web.CommandLine;

/// <summary>Verbs for whoever runs the business (LIC-09): they need no data folder, and a server never sees the private key.</summary>
internal static class LicenceIssueVerbs
{
    internal static bool IsNamed(CommandWords words) => words.Words is ["licence", "issue" or "issuer", ..];

    /// <summary>Issues a key, or makes an issuer.</summary>
    internal static async Task RunAsync(CommandWords words, TextWriter output)
    {
        var file = Path.GetFullPath(words.Word(2, "FILE"));
        await output.WriteLineAsync(words.Words[1] == "issue" ? await IssueAsync(words, file) : await MakeIssuerAsync(file));
    }

    private static async Task<string> IssueAsync(CommandWords words, string file)
    {
        if (!File.Exists(file))
        {
            throw new UsageException($"There is no file {file}.");
        }

        var issuer = LicenceIssuer.Open(await File.ReadAllTextAsync(file));
        return int.TryParse(words.Require("--accounts"), NumberStyles.None, CultureInfo.InvariantCulture, out var accounts)
            ? issuer.Issue(accounts, DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime), Day(words, "--from"), Day(words, "--until"))
            : throw new UsageException("--accounts is a number.");
    }

    private static async Task<string> MakeIssuerAsync(string file)
    {
        if (File.Exists(file))
        {
            throw new UsageException($"{file} exists already; an issuer's key is never overwritten.");
        }

        var issuer = LicenceIssuer.Create();
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using var writer = new StreamWriter(file, options);
        await writer.WriteLineAsync(issuer.PrivateKey);
        return $"The private key is in the file; the public key to build in is {issuer.PublicKey}";
    }

    private static DateOnly? Day(CommandWords words, string option) => words.Find(option) is not { } text ? null
        : DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : throw new UsageException($"{option} is a day such as 2027-12-31.");
}
