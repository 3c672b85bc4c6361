using System.Globalization;
using System.Text;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Sieve.Extensions;
using MailPlus.Engine.Sieve.Language;
using MailPlus.Engine.Sieve.Runtime;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Sieve.Scripts;

/// <summary>A script in a list.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Octets">Its size.</param>
/// <param name="IsActive">It runs when mail is delivered.</param>
public sealed record ListedScript(string Name, int Octets, bool IsActive);

/// <summary>A user's scripts, and answer and forwarding. Whoever asks must be the account itself: filters see all its mail.</summary>
public sealed class ScriptOperations(IMailStore store, ISettingsSource settings)
{
    /// <summary>The extensions scripts may require, as clients are told (RFC 5804 1.7).</summary>
    public static IReadOnlyList<string> Extensions { get; } = [.. SieveDialect.Offered.Announced];

    /// <summary>Whether user policies let the mail of an account be sent on (mail-rules 23). Policies are not known at this level, so the wiring hands it in.</summary>
    internal Predicate<AccountId> MayForward { get; init; } = _ => true;

    /// <summary>The user's scripts in order of name.</summary>
    public async Task<IReadOnlyList<ListedScript>> ListAsync(Actor actor, AccountId account, CancellationToken cancellationToken) =>
        [.. Own(await ReadAsync(actor, account, cancellationToken)).Select(script => new ListedScript(script.Name, script.Text.Length, script.IsActive))];

    /// <summary>The octets of a script.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    public async Task<ReadOnlyMemory<byte>> GetAsync(Actor actor, AccountId account, string name, CancellationToken cancellationToken) =>
        Find(await ReadAsync(actor, account, cancellationToken), name).Text;

    /// <summary>What is wrong with a script: warnings only when it can run.</summary>
    /// <exception cref="RefusedException">OverQuota.</exception>
    public async Task<IReadOnlyList<SieveProblem>> CheckAsync(Actor actor, AccountId account, ReadOnlyMemory<byte> text, CancellationToken cancellationToken)
    {
        CheckSize(text.Length);
        return Problems(text, await ReadAsync(actor, account, cancellationToken));
    }

    /// <summary>Keeps a script, a new one or another text for one there is. One that cannot run is not kept.</summary>
    /// <returns>Warnings.</returns>
    /// <exception cref="RefusedException">Invalid: the name ("ScriptNameInvalid"), or the text ("ScriptInvalid") with what is wrong as its argument; OverQuota.</exception>
    public async Task<IReadOnlyList<SieveProblem>> PutAsync(Actor actor, AccountId account, string name, ReadOnlyMemory<byte> text, CancellationToken cancellationToken)
    {
        CheckName(name);
        CheckSize(text.Length);
        IReadOnlyList<SieveProblem> problems = [];
        var kept = text.ToArray();
        await ChangeAsync(
            actor,
            account,
            stored =>
            {
                CheckCount(stored, name);
                problems = Problems(kept, stored);
                if (problems.Any(problem => !problem.IsWarning))
                {
                    throw new RefusedException(new Refusal(RefusalKind.Invalid, "ScriptInvalid") { Field = "text", Arguments = [string.Join('\n', problems)] });
                }

                var before = Own(stored).FirstOrDefault(script => script.Name == name);
                return [.. stored.Where(script => script != before), new StoredScript(ScriptKind.Script, name, kept, before?.IsActive ?? false)];
            },
            cancellationToken);
        return problems;
    }

    /// <summary>Makes a script the active one; null makes none active.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    public Task ActivateAsync(Actor actor, AccountId account, string? name, CancellationToken cancellationToken) => ChangeAsync(
        actor,
        account,
        stored =>
        {
            var active = name is null ? null : Find(stored, name);
            return [.. stored.Select(script => script.Kind != ScriptKind.Script || script.IsActive == (script == active) ? script : script with { IsActive = script == active })];
        },
        cancellationToken);

    /// <summary>Removes a script.</summary>
    /// <exception cref="RefusedException">NotFound; Conflict: it is active (RFC 5804 2.10).</exception>
    public Task DeleteAsync(Actor actor, AccountId account, string name, CancellationToken cancellationToken) => ChangeAsync(
        actor,
        account,
        stored =>
        {
            var gone = Find(stored, name);
            return gone.IsActive ? throw new RefusedException(new Refusal(RefusalKind.Conflict, "ScriptIsActive")) : [.. stored.Where(script => script != gone)];
        },
        cancellationToken);

    /// <summary>Gives a script another name; an active one stays active (RFC 5804 2.11.1).</summary>
    /// <exception cref="RefusedException">NotFound; AlreadyExists; Invalid.</exception>
    public Task RenameAsync(Actor actor, AccountId account, string name, string newName, CancellationToken cancellationToken)
    {
        CheckName(newName);
        return ChangeAsync(
            actor,
            account,
            stored =>
            {
                var script = Find(stored, name);
                return Own(stored).Any(other => other.Name == newName)
                    ? throw new RefusedException(new Refusal(RefusalKind.AlreadyExists, "ScriptExists"))
                    : [.. stored.Where(other => other != script), script with { Name = newName }];
            },
            cancellationToken);
    }

    /// <summary>Whether a script of that size would be taken (RFC 5804 2.5).</summary>
    /// <exception cref="RefusedException">TooLarge or TooMany when not; Invalid.</exception>
    public async Task HaveSpaceAsync(Actor actor, AccountId account, string name, long octets, CancellationToken cancellationToken)
    {
        CheckName(name);
        CheckSize(octets);
        CheckCount(await ReadAsync(actor, account, cancellationToken), name);
    }

    /// <summary>To how many addresses the account's mail may be sent on by itself; 0 where settings or a user policy forbid it (WEB-123).</summary>
    public int MostTargets(Actor actor, AccountId account)
    {
        actor.RequireOwnerOf(account);
        return MayForward(account) ? Math.Min(settings.Current.Sieve.MaximumRedirects, PersonalRules.MaximumTargets) : 0;
    }

    /// <summary>Answer and forwarding.</summary>
    public async Task<PersonalRules> PersonalAsync(Actor actor, AccountId account, CancellationToken cancellationToken) =>
        (await ReadAsync(actor, account, cancellationToken)).FirstOrDefault(script => script.Kind == ScriptKind.Personal) is { } kept ? PersonalRules.Read(kept.Text.Span) : new PersonalRules();

    /// <summary>Sets answer and forwarding; the user's scripts are not touched.</summary>
    /// <exception cref="RefusedException">Invalid with a field; NotAllowed: the settings forbid sending on.</exception>
    public Task SetPersonalAsync(Actor actor, AccountId account, PersonalRules rules, CancellationToken cancellationToken)
    {
        if (rules.Objection() is { } objection)
        {
            throw new RefusedException(objection);
        }

        if (rules.Forwards && !MayForward(account))
        {
            throw new RefusedException(new Refusal(RefusalKind.NotAllowed, "ForwardingForbidden") { Field = "targets" });
        }

        if (rules.Forwards && rules.Targets.Count > settings.Current.Sieve.MaximumRedirects)
        {
            throw new RefusedException(new Refusal(RefusalKind.NotAllowed, "ForwardingLimited") { Field = "targets", Arguments = [Number(settings.Current.Sieve.MaximumRedirects)] });
        }

        return ChangeAsync(
            actor,
            account,
            stored => [.. stored.Where(script => script.Kind != ScriptKind.Personal), new StoredScript(ScriptKind.Personal, "", rules.Write(), rules.IsOn)],
            cancellationToken);
    }

    /// <summary>What went wrong the last time, null when nothing did since the scripts were last changed.</summary>
    public async Task<ScriptProblem?> ProblemAsync(Actor actor, AccountId account, CancellationToken cancellationToken) =>
        (await ReadAsync(actor, account, cancellationToken)).FirstOrDefault(script => script.Kind == ScriptKind.Problem) is { } kept ? ScriptProblem.Read(kept.Text.Span) : null;

    private static IEnumerable<StoredScript> Own(IReadOnlyList<StoredScript> stored) => stored.Where(script => script.Kind == ScriptKind.Script);

    private static StoredScript Find(IReadOnlyList<StoredScript> stored, string name) =>
        Own(stored).FirstOrDefault(script => script.Name == name) ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "ScriptNotFound"));

    private static IReadOnlyList<SieveProblem> Problems(ReadOnlyMemory<byte> text, IReadOnlyList<StoredScript> stored)
    {
        var problems = new SieveProblems();
        AccountScripts.Compile(OctetText.Read(text.Span), stored, problems);
        return problems.List;
    }

    private static void CheckName(string name)
    {
        if (!IncludeExtension.IsScriptName(name) || Encoding.UTF8.GetByteCount(name) > 512)
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "ScriptNameInvalid") { Field = "name" });
        }
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private void CheckSize(long octets)
    {
        if (octets > settings.Current.Sieve.MaximumScriptSize)
        {
            throw new RefusedException(new Refusal(RefusalKind.TooLarge, "ScriptTooLarge") { Field = "text", Arguments = [Number(settings.Current.Sieve.MaximumScriptSize)] });
        }
    }

    private void CheckCount(IReadOnlyList<StoredScript> stored, string name)
    {
        if (!Own(stored).Any(script => script.Name == name) && Own(stored).Count() >= settings.Current.Sieve.MaximumScripts)
        {
            throw new RefusedException(new Refusal(RefusalKind.TooMany, "TooManyScripts") { Arguments = [Number(settings.Current.Sieve.MaximumScripts)] });
        }
    }

    private async Task<IReadOnlyList<StoredScript>> ReadAsync(Actor actor, AccountId account, CancellationToken cancellationToken)
    {
        actor.RequireOwnerOf(account);
        await using var mail = await store.OpenAsync(account, cancellationToken);
        return await mail.ScriptsAsync(cancellationToken);
    }

    private async Task ChangeAsync(Actor actor, AccountId account, Func<IReadOnlyList<StoredScript>, IReadOnlyList<StoredScript>> change, CancellationToken cancellationToken)
    {
        actor.RequireOwnerOf(account);
        await using var mail = await store.OpenAsync(account, cancellationToken);
        await mail.ChangeScriptsAsync(stored => [.. change(stored).Where(script => script.Kind != ScriptKind.Problem)], cancellationToken);
    }
}
