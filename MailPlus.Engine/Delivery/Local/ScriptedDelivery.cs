using System.Collections.Concurrent;
using MailPlus.Engine.Delivery.Queue;
using MailPlus.Engine.Events;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Sieve.Language;
using MailPlus.Engine.Sieve.Runtime;
using MailPlus.Engine.Sieve.Scripts;
using MailPlus.Engine.Store.Contract;
using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.Delivery.Local;

/// <summary>
/// Delivers to an account whose scripts have a say: the user's own first, then answer and forwarding. Whatever a script does wrong, the message is kept; what went wrong
/// is shown to the user until the scripts are changed.
/// </summary>
internal sealed partial class ScriptedDelivery(DeliverySurroundings around, Func<EntryId> nextId, ILogger<ScriptedDelivery> log)
{
    private const int MostReady = 500;
    private static readonly TimeSpan LongestRun = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<AccountId, (long Version, string Domains, AccountScripts Scripts)> _ready = new();

    /// <summary>Runs the scripts and does what they decide.</summary>
    /// <returns>Entries to be queued with the result of the delivery.</returns>
    /// <exception cref="RefusedException">The mailbox takes nothing now: everything is tried again later.</exception>
    public async Task<IReadOnlyList<(QueueEntry Entry, MessageAccepted Event)>> DeliverAsync(
        LocalMessage message, byte[] prefix, IAccountStore mail, Recipient recipient, CancellationToken cancellationToken)
    {
        var account = around.Addresses.Find(mail.Account);
        var scripts = await ReadyAsync(mail, account?.Addresses.Select(address => address.Domain.Ascii) ?? [], cancellationToken);
        await using var joined = new PrefixedContent(prefix, message.Content);
        var outlet = new ScriptOutlet(new ScriptedMessage(message, prefix, recipient, account) { Joined = joined }, mail, around, nextId);
        await using var read = await SieveMessage.ReadAsync(joined, cancellationToken);
        var surroundings = new ScriptSurroundings(around, mail, account, message);
        var envelope = new SieveEnvelope(message.Entry.Sender, recipient.Address.ToString());
        List<SieveProblem> problems = [.. scripts.Problems];
        var run = Run();
        if (scripts.Own is { } own && !await RunAsync(run, own, problems, cancellationToken))
        {
            run = Run(); // as if it had not been: the message is kept
        }

        // What the user's script throws away or refuses is neither answered nor sent on.
        if (scripts.Personal is { } personal && !run.Result.Actions.Any(action => action is RejectAction or DiscardAction))
        {
            run.Result.BeginNext();
            if (!await RunAsync(run, personal, problems, cancellationToken))
            {
                run.Result.RestoreKeep();
            }
        }

        problems.AddRange(await new SieveExecution(run, outlet).ExecuteAsync(cancellationToken));
        if (surroundings.Seen.Count + outlet.Answered.Count > 0)
        {
            await mail.RememberAsync([.. surroundings.Seen, .. outlet.Answered], cancellationToken);
        }

        if (problems.Count > 0)
        {
            await ShowAsync(mail, scripts.OwnName, problems, cancellationToken);
        }

        return outlet.Sent;

        SieveRun Run() => new(read, envelope, surroundings, SieveDialect.Offered) { Limits = new SieveLimits { Redirects = Math.Max(1, around.Settings.Current.Sieve.MaximumRedirects) } };
    }

    private async Task<AccountScripts> ReadyAsync(IAccountStore mail, IEnumerable<string> domains, CancellationToken cancellationToken)
    {
        var (version, named) = (mail.Scripts.Version, string.Join(' ', domains));
        if (_ready.TryGetValue(mail.Account, out var ready) && ready.Version == version && ready.Domains == named)
        {
            return ready.Scripts;
        }

        var scripts = AccountScripts.Compile(await mail.ScriptsAsync(cancellationToken), named.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        if (_ready.Count >= MostReady)
        {
            _ready.Clear();
        }

        _ready[mail.Account] = (version, named, scripts);
        return scripts;
    }

    /// <summary>False when the script ended in a mistake.</summary>
    private async Task<bool> RunAsync(SieveRun run, CompiledScript script, List<SieveProblem> problems, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(LongestRun, around.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await run.RunAsync(script, either.Token);
            return true;
        }
        catch (SieveRuntimeException mistake)
        {
            problems.Add(mistake.Problem);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            problems.Add(new SieveProblem(0, "the script takes too long"));
        }
        catch (Exception failure) when (failure is not (OperationCanceledException or RefusedException))
        {
            // A mistake of ours must not keep mail from its mailbox.
            LogFailed(failure, run.Envelope.To ?? "");
            problems.Add(new SieveProblem(0, "internal error"));
        }

        return false;
    }

    private async Task ShowAsync(IAccountStore mail, string script, List<SieveProblem> problems, CancellationToken cancellationToken)
    {
        var problem = new ScriptProblem(Instant.Now(around.Clock), script, [.. problems.Take(20).Select(one => one.ToString())]);
        LogProblem(mail.Account.Value, problem.Lines[0]);
        await mail.ChangeScriptsAsync(stored => [.. stored.Where(row => row.Kind != ScriptKind.Problem), new StoredScript(ScriptKind.Problem, "", problem.Write(), IsActive: false)], cancellationToken);
    }

    [LoggerMessage(5211, LogLevel.Information, "A script of account {Account} went wrong: {Problem}")]
    private partial void LogProblem(long account, string problem);

    [LoggerMessage(5212, LogLevel.Error, "A script of {Recipient} could not be run")]
    private partial void LogFailed(Exception failure, string recipient);

    /// <summary>Generated fields and the message as one.</summary>
    private sealed class PrefixedContent(byte[] prefix, MessageContent content) : MessageContent
    {
        public override long Length => prefix.Length + content.Length;

        public override Stream OpenRead() => new HeadedStream(prefix, content.OpenRead(), 0);
    }
}
