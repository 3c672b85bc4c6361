using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Hosting;

/// <summary>What the wizard or the <c>setup</c> verb asks for (SET).</summary>
/// <param name="Hostname">FQDN of this server.</param>
/// <param name="Domain">First hosted domain.</param>
/// <param name="Administrator">Local part and log-in name of the first administrator, an active mailbox in that domain.</param>
/// <param name="Password">The administrator's password.</param>
public sealed record SetupRequest(string Hostname, string Domain, string Administrator, string Password)
{
    /// <summary>The administrator's name for people; "" takes the local part.</summary>
    public string DisplayName { get; init; } = "";

    /// <summary>The administrator's UI language, "" follows the browser.</summary>
    public string Language { get; init; } = "";
}

/// <summary>First set-up. Nothing is written before <see cref="ApplyAsync"/>, which does everything or nothing.</summary>
public sealed class SetupOperations
{
    /// <summary>True until set-up has been applied.</summary>
    public bool IsNeeded => throw new NotImplementedException();

    /// <summary>The one-time token that the start-up text prints in the wizard's URL: <c>/setup?token=…</c>; null once set up.</summary>
    public string? Token => throw new NotImplementedException();

    /// <summary>Whether a token opens the wizard; constant time.</summary>
    public bool IsToken(string? token) => throw new NotImplementedException();

    /// <summary>What is wrong with a request, a refusal per field ("Hostname", "Domain", "Administrator", "Password"); empty when nothing is.</summary>
    public IReadOnlyList<Refusal> Validate(SetupRequest request) => throw new NotImplementedException();

    /// <summary>Applies: host name, domain, administrator. The caller has checked the token, or is the operator.</summary>
    /// <returns>The administrator, ready to be signed in.</returns>
    /// <exception cref="RefusedException">Conflict when already set up; Invalid with a field.</exception>
    public Task<Actor> ApplyAsync(SetupRequest request, CancellationToken cancellationToken) => throw new NotImplementedException();
}
