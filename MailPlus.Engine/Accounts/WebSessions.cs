using System.Net;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Accounts;

/// <summary>A signed-in browser as its owner sees it.</summary>
/// <param name="Id">Identity, no secret.</param>
/// <param name="Account">Whose.</param>
public sealed record WebSession(long Id, AccountId Account)
{
    /// <summary>Sign-in.</summary>
    public Instant Created { get; init; }

    /// <summary>Last request, to the minute.</summary>
    public Instant LastSeen { get; init; }

    /// <summary>Peer at sign-in.</summary>
    public string Address { get; init; } = "";

    /// <summary>User-Agent at sign-in, cut at 300 characters.</summary>
    public string UserAgent { get; init; } = "";
}

/// <summary>
/// Web sessions kept by the server, so that they can be seen and revoked and outlive a restart. The cookie carries the token; the database only its hash.
/// </summary>
public sealed class WebSessions
{
    /// <summary>Starts a session for an authenticated actor and returns the token for the cookie.</summary>
    public Task<string> StartAsync(Actor actor, IPAddress? address, string userAgent, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>The actor of a token, with the rights it has now; null when the session has ended, idled out (Security.WebIdleMinutes) or its account may not sign in any more. From memory in most cases.</summary>
    public ValueTask<Actor?> ResumeAsync(string token, IPAddress? address, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Id of the session of a token, null when there is none: to mark "this browser" in a list.</summary>
    public ValueTask<long?> FindIdAsync(string token, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Sign-out.</summary>
    public Task EndAsync(string token, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Sessions of an account, newest first; those of others need ManageAccounts.</summary>
    public Task<IReadOnlyList<WebSession>> ListAsync(Actor actor, AccountId account, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Ends one session; those of others need ManageAccounts.</summary>
    public Task RevokeAsync(Actor actor, long session, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Ends all sessions of an account, except one (0: none).</summary>
    public Task RevokeAllAsync(Actor actor, AccountId account, long except, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Hears of ended sessions (ids), so that open circuits end too; called on any thread, returns at once.</summary>
    public IDisposable OnEnded(Action<long> ended) => throw new NotImplementedException();
}
