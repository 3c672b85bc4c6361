using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using MailPlus.Engine.Net.Proxy;

namespace MailPlus.Engine.Net.Connections;

/// <summary>The transport's reader; a read that the heartbeat cancelled because a deadline passed ends in <see cref="DeadlineException"/>.</summary>
internal sealed class DeadlineReader(PipeReader inner, PipedConnection owner) : PipeReader
{
    /// <summary>A PROXY header as the first octets is an error; off once they have been something else.</summary>
    public bool RefusesProxyHeader { get; set; }

    public override void AdvanceTo(SequencePosition consumed) => inner.AdvanceTo(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => inner.AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override bool TryRead(out ReadResult result)
    {
        while (inner.TryRead(out result))
        {
            if (!result.IsCanceled)
            {
                Look(result);
                return true;
            }

            owner.ThrowIfExpired();
            inner.AdvanceTo(result.Buffer.Start);
        }

        return false;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var read = inner.ReadAsync(cancellationToken);
        return read.IsCompletedSuccessfully ? Checked(read, cancellationToken) : AwaitAsync(read, cancellationToken);
    }

    private ValueTask<ReadResult> Checked(ValueTask<ReadResult> completed, CancellationToken cancellationToken)
    {
        var result = completed.GetAwaiter().GetResult();
        if (result.IsCanceled)
        {
            return AwaitAsync(new ValueTask<ReadResult>(result), cancellationToken);
        }

        Look(result);
        return new ValueTask<ReadResult>(result);
    }

    private void Look(in ReadResult result)
    {
        if (RefusesProxyHeader && !result.Buffer.IsEmpty)
        {
            var found = ProxyHeader.Recognize(result.Buffer);
            RefusesProxyHeader = found == ProxyHeaderStatus.Incomplete;
            if (found == ProxyHeaderStatus.Complete)
            {
                throw new ProxyHeaderException($"a PROXY header from {owner.Remote}, which is no trusted proxy");
            }
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> AwaitAsync(ValueTask<ReadResult> read, CancellationToken cancellationToken)
    {
        var result = await read;
        while (result.IsCanceled)
        {
            // The cancellation may belong to a deadline that was replaced meanwhile: then it means nothing.
            inner.AdvanceTo(result.Buffer.Start);
            owner.ThrowIfExpired();
            result = await inner.ReadAsync(cancellationToken);
        }

        Look(result);
        return result;
    }
}

/// <summary>The transport's writer; a flush that the heartbeat cancelled ends in <see cref="DeadlineException"/>.</summary>
internal sealed class DeadlineWriter(PipeWriter inner, PipedConnection owner) : PipeWriter
{
    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

    public override long UnflushedBytes => inner.UnflushedBytes;

    public override void Advance(int bytes) => inner.Advance(bytes);

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        var flush = inner.FlushAsync(cancellationToken);
        return flush.IsCompletedSuccessfully ? Checked(flush, cancellationToken) : AwaitAsync(flush, cancellationToken);
    }

    private ValueTask<FlushResult> Checked(ValueTask<FlushResult> completed, CancellationToken cancellationToken)
    {
        var result = completed.GetAwaiter().GetResult();
        return result.IsCanceled ? AwaitAsync(new ValueTask<FlushResult>(result), cancellationToken) : new ValueTask<FlushResult>(result);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<FlushResult> AwaitAsync(ValueTask<FlushResult> flush, CancellationToken cancellationToken)
    {
        var result = await flush;
        while (result.IsCanceled)
        {
            owner.ThrowIfExpired();
            result = await inner.FlushAsync(cancellationToken);
        }

        return result;
    }
}
