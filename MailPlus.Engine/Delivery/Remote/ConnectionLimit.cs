namespace MailPlus.Engine.Delivery.Remote;

/// <summary>Bounds outbound connections in all; the bound follows the settings, waiters are served in order.</summary>
internal sealed class ConnectionLimit(Func<int> maximum)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<TaskCompletionSource> _waiting = new();
    private int _open;

    /// <summary>Waits for a place.</summary>
    public async Task EnterAsync(CancellationToken cancellationToken)
    {
        LinkedListNode<TaskCompletionSource> node;
        lock (_gate)
        {
            if (_open < maximum() && _waiting.Count == 0)
            {
                _open++;
                return;
            }

            node = _waiting.AddLast(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        try
        {
            await node.Value.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            lock (_gate)
            {
                if (node.List is not null)
                {
                    _waiting.Remove(node);
                }
                else
                {
                    Leave(); // the place came at the same moment
                }
            }

            throw;
        }
    }

    /// <summary>Gives the place back.</summary>
    public void Leave()
    {
        lock (_gate)
        {
            _open--;
            while (_open < maximum() && _waiting.First is { } next)
            {
                _waiting.RemoveFirst();
                _open++;
                next.Value.SetResult();
            }
        }
    }
}
