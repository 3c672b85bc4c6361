using MailPlus.Engine.Accounts.Credentials;
using MailPlus.Engine.Database;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Accounts;

/// <summary>A question for failed log-ins.</summary>
public sealed record SignInLockQuery
{
    /// <summary>Part of a name or address; "" for all.</summary>
    public string Search { get; init; } = "";

    /// <summary>Rows to pass over.</summary>
    public int Offset { get; init; }

    /// <summary>Rows wanted.</summary>
    public int Limit { get; init; } = 100;
}

/// <summary>Operations on what the log-in throttle holds back (Log page, <c>signin</c> verbs). To see needs ViewLogs, to release ManageAccounts.</summary>
public sealed class SignInLocks(SignInThrottle throttle, SystemDatabase database)
{
    private const int MaximumRows = 1000;

    /// <summary>Accounts and addresses whose log-ins failed lately, those shut out longest first.</summary>
    public Page<SignInLock> List(Actor actor, SignInLockQuery query)
    {
        actor.Require(Permission.ViewLogs);
        var search = query.Search.Trim();
        var found = throttle.Locks().Where(held => search.Length == 0 || held.Subject.Name.Contains(search, StringComparison.OrdinalIgnoreCase)).ToList();
        return new Page<SignInLock>([.. found.Skip(Math.Max(0, query.Offset)).Take(Math.Clamp(query.Limit, 1, MaximumRows))], found.Count);
    }

    /// <summary>Lets somebody try again at once. Returns how many of the subjects were held.</summary>
    /// <exception cref="RefusedException">NotAllowed.</exception>
    public async Task<int> ReleaseAsync(Actor actor, IReadOnlyList<SignInSubject> subjects, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageAccounts);
        var released = subjects.Take(MaximumRows).Where(throttle.Release).ToList();
        if (released.Count > 0)
        {
            await database.WriteAsync(
                context =>
                {
                    foreach (var subject in released)
                    {
                        AdminTrail.Add(context, new AdminActed(actor.Name, "SignInReleased", subject.Name) { Time = database.Now, Client = actor.Address });
                    }

                    return Task.FromResult(true);
                },
                cancellationToken);
        }

        return released.Count;
    }
}
