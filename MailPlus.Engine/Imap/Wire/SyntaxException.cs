namespace MailPlus.Engine.Imap.Wire;

/// <summary>What came in is no command this server understands: answered BAD with this text, never logged as an error.</summary>
internal sealed class SyntaxException(string text) : Exception(text)
{
    /// <summary>Response code such as "TOOBIG", null for none.</summary>
    public string? Code { get; init; }
}
