namespace MailPlus.Engine.Database;

/// <summary>One caller's work in the queue of writes.</summary>
internal abstract class WriteItem(Durability durability, CancellationToken cancellationToken)
{
    public Durability Durability => durability;

    protected CancellationToken Cancellation => cancellationToken;

    /// <summary>Ends the item as cancelled when its caller has given up before it was taken.</summary>
    public abstract bool TryCancel();

    /// <summary>Does the work and keeps the result.</summary>
    public abstract void Run(SqlSession session);

    /// <summary>Remembers why the work was undone; told after the commit.</summary>
    public abstract void Refuse(Exception failure);

    /// <summary>Tells the caller, after the commit. Items that have not run are left alone.</summary>
    public abstract void Answer();

    /// <summary>Tells the caller that the commit failed; the item's own failure goes first.</summary>
    public abstract void Fail(Exception failure);
}

/// <inheritdoc/>
internal sealed class WriteItem<TSession, T>(Func<TSession, T> work, Durability durability, CancellationToken cancellationToken)
    : WriteItem(durability, cancellationToken)
    where TSession : SqlSession
{
    private T _result = default!;
    private bool _ran;
    private Exception? _failure;

    /// <summary>What the caller awaits. Continuations run on the pool, never on the database thread.</summary>
    public TaskCompletionSource<T> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override bool TryCancel()
    {
        if (!Cancellation.IsCancellationRequested)
        {
            return false;
        }

        Done.TrySetCanceled(Cancellation);
        return true;
    }

    public override void Run(SqlSession session)
    {
        _failure = null; // Of an earlier try.
        _result = work((TSession)session);
        _ran = true;
    }

    public override void Refuse(Exception failure) => _failure = failure;

    public override void Answer()
    {
        if (_failure is not null)
        {
            Done.TrySetException(_failure);
        }
        else if (_ran)
        {
            Done.TrySetResult(_result);
        }
    }

    public override void Fail(Exception failure) => Done.TrySetException(_failure ?? failure);
}
