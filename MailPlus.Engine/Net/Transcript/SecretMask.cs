using System.Text.RegularExpressions;

namespace MailPlus.Engine.Net.Transcript;

/// <summary>
/// Masks what authenticates in the lines a client sends, before anyone sees them: answers of SMTP AUTH and of IMAP AUTHENTICATE, arguments of IMAP LOGIN, as
/// quoted strings, atoms or literals. One per connection, fed with every client line and told of every server line, because challenges span lines.
/// </summary>
public sealed partial class SecretMask
{
    private const string Hidden = "***";

    private bool _answers; // an authentication exchange is on: every client line is secret
    private bool _literalFollows; // LOGIN goes on after a literal
    private string _tag = "";

    /// <summary>The line as it may be shown.</summary>
    public string Client(string line)
    {
        if (_answers)
        {
            return line == "*" ? line : Hidden;
        }

        if (_literalFollows)
        {
            _literalFollows = Literal().IsMatch(line);
            return Hidden;
        }

        if (Auth().Match(line) is { Success: true } auth)
        {
            _answers = true;
            _tag = auth.Groups["tag"].Value.Trim();
            return auth.Groups["initial"].Success ? $"{auth.Groups["head"].Value} {Hidden}" : line;
        }

        if (Login().Match(line) is { Success: true } login)
        {
            _literalFollows = Literal().IsMatch(line);
            return $"{login.Groups["head"].Value} {Hidden}";
        }

        return line;
    }

    /// <summary>Hears a server line: anything but a challenge ends the exchange.</summary>
    public void Server(string line)
    {
        var challenge = line.StartsWith("334", StringComparison.Ordinal) || line.StartsWith('+') || _tag.Length > 0 && line.StartsWith("* ", StringComparison.Ordinal);
        if (!challenge)
        {
            _answers = false;
            _tag = "";
        }
    }

    // SMTP "AUTH mechanism [initial]", IMAP "tag AUTHENTICATE mechanism [initial]"
    [GeneratedRegex(@"^\s*(?<head>(AUTH|(?<tag>\S+\s+)AUTHENTICATE)\s+\S+)(?<initial>\s+\S.*)?$", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Auth();

    [GeneratedRegex(@"^\s*(?<head>\S+\s+LOGIN)(\s.*)?$", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Login();

    [GeneratedRegex(@"\{\d+\+?\}$", RegexOptions.NonBacktracking)]
    private static partial Regex Literal();
}
