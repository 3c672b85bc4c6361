namespace MailPlus.Engine.Mime;

/// <summary>Reading pieces of a message.</summary>
internal static class ContentRange
{
    /// <summary>A copy-free slice of what is in memory, else the octets read from the file.</summary>
    public static async ValueTask<ReadOnlyMemory<byte>> ReadRangeAsync(this MessageContent content, long offset, int length, CancellationToken cancellationToken)
    {
        length = (int)Math.Clamp(content.Length - offset, 0, length);
        if (content.InMemory is { } octets)
        {
            return octets.Slice((int)offset, length);
        }

        var buffer = new byte[length];
        await using var stream = content.OpenRead();
        stream.Position = offset;
        var read = await stream.ReadAtLeastAsync(buffer, length, throwOnEndOfStream: false, cancellationToken);
        return buffer.AsMemory(0, read);
    }
}
