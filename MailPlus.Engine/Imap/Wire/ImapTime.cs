namespace MailPlus.Engine.Imap.Wire;

/// <summary>Writes INTERNALDATE values (RFC 3501 9, date-time), in UTC.</summary>
internal static class ImapTime
{
    private static ReadOnlySpan<byte> Months => "JanFebMarAprMayJunJulAugSepOctNovDec"u8;

    /// <summary>Quoted date-time of seconds since 1970.</summary>
    public static void Write(ResponseWriter output, long seconds)
    {
        var time = DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(seconds, 0, 253402300799));
        Span<byte> text = stackalloc byte[28];
        text[0] = (byte)'"';
        text[1] = time.Day < 10 ? (byte)' ' : (byte)('0' + (time.Day / 10));
        text[2] = (byte)('0' + (time.Day % 10));
        text[3] = (byte)'-';
        Months.Slice((time.Month - 1) * 3, 3).CopyTo(text[4..]);
        text[7] = (byte)'-';
        Digits(text[8..], time.Year / 100);
        Digits(text[10..], time.Year % 100);
        text[12] = (byte)' ';
        Digits(text[13..], time.Hour);
        text[15] = (byte)':';
        Digits(text[16..], time.Minute);
        text[18] = (byte)':';
        Digits(text[19..], time.Second);
        " +0000\""u8.CopyTo(text[21..]);
        output.Write(text);
    }

    /// <summary>The day of seconds since 1970, in UTC.</summary>
    public static DateOnly Day(long seconds) => DateOnly.FromDateTime(DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(seconds, 0, 253402300799)).UtcDateTime);

    private static void Digits(Span<byte> text, int number)
    {
        text[0] = (byte)('0' + (number / 10));
        text[1] = (byte)('0' + (number % 10));
    }
}
