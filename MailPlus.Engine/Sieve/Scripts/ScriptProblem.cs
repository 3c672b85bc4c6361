using System.Text.Json;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Sieve.Scripts;

/// <summary>What went wrong when a script last ran. The message concerned is in the mailbox.</summary>
/// <param name="Time">When.</param>
/// <param name="Script">Name of the script, empty for answer and forwarding.</param>
/// <param name="Lines">What, a line each, in English as Sieve's words are.</param>
public sealed record ScriptProblem(Instant Time, string Script, IReadOnlyList<string> Lines)
{
    internal byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this);

    internal static ScriptProblem? Read(ReadOnlySpan<byte> text) => JsonSerializer.Deserialize<ScriptProblem>(text);
}
