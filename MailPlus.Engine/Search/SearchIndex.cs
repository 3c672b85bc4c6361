using System.Collections.Concurrent;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Store;
using MailPlus.Engine.Store.Contract;
using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.Search;

/// <summary>What the index works with.</summary>
/// <param name="Folder">Its folder; everything in it can be made again.</param>
/// <param name="Store">Mail.</param>
/// <param name="Accounts">All accounts.</param>
/// <param name="Settings">Present settings.</param>
/// <param name="Clock">The clock.</param>
public sealed record SearchSurroundings(string Folder, IMailStore Store, Func<IEnumerable<AccountId>> Accounts, ISettingsSource Settings, TimeProvider Clock)
{
    /// <summary>Log.</summary>
    public required ILogger Log { get; init; }

    /// <summary>Whether the mail of an account is indexed (ACC-69); what is not is searched by reading.</summary>
    public Predicate<AccountId> Includes { get; init; } = _ => true;

    /// <summary>Notes for the administrators that a part of the index is made anew, and why.</summary>
    public Func<string, string, CancellationToken, Task> NoteRebuild { get; init; } = (_, _, _) => Task.CompletedTask;
}

/// <summary>
/// The full-text index (design 2): derived from the mail, follows the change feed, and may be lost at any time. It says of each mailbox how far it is indexed;
/// whoever searches reads the rest. Nothing it suffers reaches delivery: it fails into being asked less.
/// </summary>
public sealed partial class SearchIndex : IDisposable
{
    private readonly SearchSurroundings _around;
    private readonly SearchOptions _options;
    private readonly Indexer _indexer;
    private readonly ILogger _log;
    private readonly ConcurrentDictionary<AccountId, byte> _waiting = new();
    private readonly ConcurrentDictionary<AccountId, byte> _forgotten = new();
    private readonly ConcurrentQueue<(int Shard, Exception Reason)> _losses = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private ShardSet? _shards;
    private string _problem = "";
    private bool _isSwept;
    private int _inHand;
    private int _rebuilds;
    private long _failedAt;
    private long _committedAt;

    /// <summary>Makes it; nothing is read or written before <see cref="RunAsync"/>.</summary>
    public SearchIndex(SearchSurroundings around)
        : this(around, new SearchOptions())
    {
    }

    internal SearchIndex(SearchSurroundings around, SearchOptions options)
    {
        (_around, _options, _log) = (around, options, around.Log);
        _indexer = new Indexer(around.Store, options);
    }

    /// <summary>How it fares.</summary>
    public SearchStatus Status
    {
        get
        {
            var shards = Volatile.Read(ref _shards);
            var problem = Volatile.Read(ref _problem);
            var waiting = _waiting.Count + _forgotten.Count + Volatile.Read(ref _inHand);
            var condition = problem.Length > 0 ? SearchCondition.Failing
                : shards is null ? SearchCondition.Off
                : waiting > 0 ? SearchCondition.CatchingUp : SearchCondition.Ready;
            return new SearchStatus(condition, waiting, Volatile.Read(ref _rebuilds), problem)
            {
                OpenMessages = shards?.Documents ?? 0, MemoryOctets = shards?.Vocabularies.Octets ?? 0,
            };
        }
    }

    /// <summary>The open shards, for tests.</summary>
    internal int OpenShards => Volatile.Read(ref _shards)?.OpenCount ?? 0;

    /// <summary>Asks about the messages of a mailbox; null when nothing of it is indexed.</summary>
    public MailboxAnswers? Ask(AccountId account, Mailbox mailbox, IReadOnlyList<TextQuestion> questions)
    {
        if (Volatile.Read(ref _shards) is not { } shards || !_around.Includes(account))
        {
            return null;
        }

        var answers = shards.Read(shards.NumberOf(account), shard => Ask(shards, shard, account, mailbox, questions));
        if (answers is null || answers.Through + 1 < mailbox.UidNext.Value)
        {
            Want(account);
        }

        return answers;
    }

    /// <summary>Removes a deleted account's text.</summary>
    public void Forget(AccountId account)
    {
        _forgotten[account] = 0;
        if (Volatile.Read(ref _shards) is null)
        {
            IndexFolder.MarkPartial(_around.Folder); // it is looked for when the index is next in use
        }

        Wake();
    }

    /// <summary>Takes an account in from now on, or out, when a policy says so.</summary>
    public void Include(AccountId account, bool isIncluded)
    {
        if (isIncluded)
        {
            Want(account);
        }
        else
        {
            Forget(account);
        }
    }

    /// <summary>Indexes what changes until cancelled; then everything is on the disk.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var changes = _around.Store.Changes.SubscribeAll(Hear);
        using var settings = _around.Settings.OnChange((_, _) => Wake());
        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (TryShape() && Volatile.Read(ref _shards) is { } shards)
                {
                    await WorkAsync(shards, cancellationToken);
                }

                await NoteAsync(cancellationToken);
                await RestAsync(cancellationToken);
            }
        }
        finally
        {
            End();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Interlocked.Exchange(ref _shards, null)?.Dispose();
        _wake.Dispose();
    }

    private static MailboxAnswers? Ask(ShardSet shards, IndexShard shard, AccountId account, Mailbox mailbox, IReadOnlyList<TextQuestion> questions)
    {
        if (shard.Look(account) is not var (marks, reader))
        {
            return null;
        }

        try
        {
            if (marks.Of(mailbox.Id, mailbox.UidValidity) is not { } mark)
            {
                return null;
            }

            var run = new QuestionRun(reader, shards.Vocabularies, (account, mailbox.Id), shards.ByCharacter);
            return new MailboxAnswers(mark.Uid, run.Opaque(), [.. questions.Select(run.Answer)]);
        }
        finally
        {
            reader.DecRef();
        }
    }

    private void Hear(StoreChange change)
    {
        if (change.Kind is StoreChangeKind.Added or StoreChangeKind.Expunged or StoreChangeKind.Mailboxes)
        {
            Want(change.Account);
        }
    }

    private void Want(AccountId account)
    {
        if (_around.Includes(account) && _waiting.TryAdd(account, 0))
        {
            Wake();
        }
    }

    private void WantAll(Func<AccountId, bool> which)
    {
        foreach (var account in _around.Accounts().Where(account => _around.Includes(account) && which(account)))
        {
            _waiting.TryAdd(account, 0);
        }
    }

    private void Wake()
    {
        try
        {
            _wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is to wake already.
        }
        catch (ObjectDisposedException)
        {
            // The server stops.
        }
    }

    /// <summary>Makes the index as the settings want it: gone, or anew when it is of another kind.</summary>
    private void Shape()
    {
        var wanted = _around.Settings.Current.Search;
        var shards = Volatile.Read(ref _shards);
        if (shards is not null && wanted.Enabled && shards.ByCharacter == wanted.CharacterSearch)
        {
            return;
        }

        Interlocked.Exchange(ref _shards, null)?.Dispose();
        if (!wanted.Enabled)
        {
            _waiting.Clear();
            IndexFolder.Remove(_around.Folder);
            Volatile.Write(ref _problem, "");
            return;
        }

        var isWhole = IndexFolder.Begin(_around.Folder, _options.Shards, wanted.CharacterSearch);
        var made = new ShardSet(_around.Folder, _options, _around.Clock, Lose) { ByCharacter = wanted.CharacterSearch };
        _isSwept = isWhole;
        if (!isWhole)
        {
            WantAll(_ => true);
        }

        _committedAt = _around.Clock.GetTimestamp();
        Volatile.Write(ref _shards, made);
    }

    private bool TryShape()
    {
        try
        {
            Shape();
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Fail(failure);
            return false;
        }
    }

    private void Fail(Exception failure)
    {
        LogFailing(failure);
        _failedAt = _around.Clock.GetTimestamp();
        Volatile.Write(ref _problem, failure.Message);
        WantAll(_ => true);
    }

    private async Task WorkAsync(ShardSet shards, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _problem).Length > 0 && _around.Clock.GetElapsedTime(_failedAt) < _options.RestAfterFailure)
        {
            return;
        }

        try
        {
            IndexFolder.RequireRoom(_around.Folder, _options.LeastFreeOctets);
            Sweep(shards);
            foreach (var account in _forgotten.Keys)
            {
                if (shards.Write(shards.NumberOf(account), shard => shard.RemoveAccount(account)))
                {
                    _forgotten.TryRemove(account, out _);
                }
            }

            foreach (var account in _waiting.Keys.OrderBy(shards.NumberOf).ToList())
            {
                cancellationToken.ThrowIfCancellationRequested();
                await CatchUpAsync(shards, account, cancellationToken);
            }

            var isDue = _around.Clock.GetElapsedTime(_committedAt) >= _options.CommitAfter;
            _committedAt = isDue ? _around.Clock.GetTimestamp() : _committedAt;
            shards.CommitWhere(shard => isDue || shard.Uncommitted >= _options.CommitMessages);
            shards.CloseUnused();
            Volatile.Write(ref _problem, "");
        }
        catch (Exception failure) when (failure is not OperationCanceledException and not OutOfMemoryException)
        {
            // A full disk, most likely: the shard is as of its last commit, its accounts are indexed from there.
            Fail(failure);
        }
    }

    /// <summary>Removes accounts that went while nobody followed.</summary>
    private void Sweep(ShardSet shards)
    {
        if (_isSwept)
        {
            return;
        }

        var known = _around.Accounts().Where(account => _around.Includes(account)).ToHashSet();
        for (var number = 0; number < _options.Shards; number++)
        {
            shards.Write(number, shard =>
            {
                foreach (var account in shard.Accounts().Where(account => !known.Contains(account)))
                {
                    shard.RemoveAccount(account);
                }
            });
        }

        _isSwept = true;
    }

    private async Task CatchUpAsync(ShardSet shards, AccountId account, CancellationToken cancellationToken)
    {
        Volatile.Write(ref _inHand, 1);
        _waiting.TryRemove(account, out _); // before looking: what comes meanwhile is looked for again
        if (!_around.Includes(account))
        {
            Volatile.Write(ref _inHand, 0);
            return;
        }

        var isDone = false;
        try
        {
            isDone = await _indexer.CatchUpAsync(shards, account, cancellationToken);
        }
        catch (RefusedException refused)
        {
            LogUnreadable(account.Value, RefusalText.English(refused.Refusal));
            isDone = true; // whoever opens the account again brings it back
        }
        finally
        {
            if (!isDone)
            {
                _waiting.TryAdd(account, 0);
            }

            Volatile.Write(ref _inHand, 0);
        }
    }

    private void Lose(int shard, Exception reason)
    {
        _losses.Enqueue((shard, reason));
        Wake();
    }

    private async Task NoteAsync(CancellationToken cancellationToken)
    {
        var lost = new Dictionary<int, Exception>();
        while (_losses.TryDequeue(out var loss))
        {
            lost[loss.Shard] = loss.Reason;
        }

        foreach (var (number, reason) in lost)
        {
            LogRebuilt(reason, number);
            Interlocked.Increment(ref _rebuilds);
            if (Volatile.Read(ref _shards) is { } shards)
            {
                WantAll(account => shards.NumberOf(account) == number);
            }

            await _around.NoteRebuild($"{number}", reason.Message, cancellationToken);
        }
    }

    private async Task RestAsync(CancellationToken cancellationToken)
    {
        var isResting = Volatile.Read(ref _problem).Length > 0;
        if (!_losses.IsEmpty || (!isResting && !_waiting.IsEmpty && Volatile.Read(ref _shards) is not null))
        {
            await Task.Delay(_options.Gathering, _around.Clock, cancellationToken);
            return;
        }

        using var tick = new CancellationTokenSource(isResting ? _options.RestAfterFailure : _options.CommitAfter, _around.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(tick.Token, cancellationToken);
        try
        {
            await _wake.WaitAsync(either.Token);
            await Task.Delay(_options.Gathering, _around.Clock, cancellationToken);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Nothing happened for a while: time to look what is due.
        }
    }

    private void End()
    {
        if (Interlocked.Exchange(ref _shards, null) is not { } shards)
        {
            return;
        }

        shards.Close();
        if (_waiting.IsEmpty && _forgotten.IsEmpty && _losses.IsEmpty && Volatile.Read(ref _problem).Length == 0)
        {
            IndexFolder.MarkWhole(_around.Folder);
        }
    }

    [LoggerMessage(EventId = 3601, Level = LogLevel.Warning, Message = "the full-text index cannot be written; searches read what it lacks")]
    private partial void LogFailing(Exception failure);

    [LoggerMessage(EventId = 3602, Level = LogLevel.Warning, Message = "shard {Shard} of the full-text index was damaged and is made anew")]
    private partial void LogRebuilt(Exception reason, int shard);

    [LoggerMessage(EventId = 3603, Level = LogLevel.Information, Message = "account {Account} is not indexed now: {Reason}")]
    private partial void LogUnreadable(long account, string reason);
}
