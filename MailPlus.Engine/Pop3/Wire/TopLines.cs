namespace MailPlus.Engine.Pop3.Wire;

/// <summary>Cuts a message for TOP (RFC 1939 7): the header block with its empty line, then so many lines of the body. Fed piece by piece.</summary>
internal sealed class TopLines(long lines)
{
    private bool _inBody;
    private bool _lineIsEmpty = true;
    private long _left = lines;

    /// <summary>Nothing more is wanted.</summary>
    public bool IsDone => _inBody && _left <= 0;

    /// <summary>How many octets of this piece belong to the answer.</summary>
    public int Take(ReadOnlySpan<byte> octets)
    {
        var at = 0;
        while (at < octets.Length && !IsDone)
        {
            var end = octets[at..].IndexOf((byte)'\n');
            var piece = end < 0 ? octets[at..] : octets.Slice(at, end);
            _lineIsEmpty &= piece.IndexOfAnyExcept((byte)'\r') < 0;
            if (end < 0)
            {
                return octets.Length;
            }

            at += end + 1;
            if (_inBody)
            {
                _left--;
            }
            else
            {
                _inBody = _lineIsEmpty;
            }

            _lineIsEmpty = true;
        }

        return at;
    }
}
