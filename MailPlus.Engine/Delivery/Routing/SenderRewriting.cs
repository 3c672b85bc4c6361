using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Delivery.Routing;

/// <summary>
/// Sender rewriting (SRS) for mail that others wrote and this server sends on to other servers (mail-rules 24): the new sender is an address of ours, which
/// passes SPF, and leads reports back to the first one. Nobody can make such an address, and it holds for 21 days.
/// </summary>
/// <param name="key">Of the HMAC.</param>
/// <param name="clock">Clock.</param>
internal sealed class SenderRewriting(ReadOnlyMemory<byte> key, TimeProvider clock)
{
    private const string First = "SRS0=";
    private const string Again = "SRS1=";
    private const int HashLetters = 8;
    private const int KeyOctets = 32;
    private const int LastingDays = 21;

    /// <summary>Ten bits of days since 1970, two letters: they come round after almost three years.</summary>
    private const int DayRound = 1024;
    private const string Letters = "abcdefghijklmnopqrstuvwxyz234567";
    private const string Row = "srs-secret";

    /// <summary>Reads the key, or makes it the first time: addresses outlive a restart.</summary>
    public static async Task<SenderRewriting> OpenAsync(SystemDatabase database, TimeProvider clock, CancellationToken cancellationToken)
    {
        var kept = await database.ReadAsync(context => context.States.FirstOrDefaultAsync(row => row.Name == Row, cancellationToken), cancellationToken);
        kept ??= await database.WriteAsync(
            async context =>
            {
                if (await context.States.FirstOrDefaultAsync(row => row.Name == Row, cancellationToken) is { } other)
                {
                    return other; // another process was faster
                }

                var made = new StateRow { Name = Row, Value = Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyOctets)) };
                context.States.Add(made);
                return made;
            },
            cancellationToken);
        return new SenderRewriting(Convert.FromBase64String(kept.Value), clock);
    }

    /// <summary>The sender under which a message goes on; null stays null. Null, too, when the address would be longer than an address may be: reports then end here.</summary>
    public EmailAddress? Forward(EmailAddress? sender, DomainName ours)
    {
        if (sender is null || sender.Domain == ours)
        {
            return sender;
        }

        var local = sender.LocalPart;
        string rest;
        if (local.StartsWith(First, StringComparison.OrdinalIgnoreCase))
        {
            rest = $"{sender.Domain.Ascii}={local[(First.Length - 1)..]}"; // another server's address: reports take the short way to it
            return Create($"{Again}{Hash(rest)}={rest}", ours);
        }

        if (local.StartsWith(Again, StringComparison.OrdinalIgnoreCase) && local.IndexOf('=', Again.Length) is > 0 and var end)
        {
            rest = local[(end + 1)..];
            return Create($"{Again}{Hash(rest)}={rest}", ours);
        }

        rest = $"{Stamp(Today)}={sender.Domain.Ascii}={local}";
        return Create($"{First}{Hash(rest)}={rest}", ours);
    }

    /// <summary>The address a report to one of our rewritten addresses goes to; null when it is none, forged or too old.</summary>
    public EmailAddress? Back(EmailAddress address)
    {
        var local = address.LocalPart;
        var again = local.StartsWith(Again, StringComparison.OrdinalIgnoreCase);
        if ((!again && !local.StartsWith(First, StringComparison.OrdinalIgnoreCase)) || local.Length < First.Length + HashLetters + 2 || local[First.Length + HashLetters] != '=')
        {
            return null;
        }

        var rest = local[(First.Length + HashLetters + 1)..];
        var shown = Encoding.UTF8.GetBytes(local[First.Length..(First.Length + HashLetters)].ToLowerInvariant());
        if (!CryptographicOperations.FixedTimeEquals(shown, Encoding.UTF8.GetBytes(Hash(rest))))
        {
            return null;
        }

        var fields = rest.Split('=', again ? 2 : 3);
        if (again)
        {
            return fields.Length == 2 && DomainName.TryParse(fields[0], out var first) ? Create($"SRS0{fields[1]}", first) : null;
        }

        return fields.Length == 3 && IsFresh(fields[0]) && DomainName.TryParse(fields[1], out var domain) ? Create(fields[2], domain) : null;
    }

    private static EmailAddress? Create(string local, DomainName domain) =>
        EmailAddress.TryCreate(local, domain, out var address)
            || EmailAddress.TryCreate($"\"{local.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"", domain, out address)
            ? address
            : null;

    private static string Stamp(int day) => string.Create(CultureInfo.InvariantCulture, $"{Letters[day / 32]}{Letters[day % 32]}");

    private int Today => (int)(clock.GetUtcNow().ToUnixTimeSeconds() / 86_400 % DayRound);

    private bool IsFresh(string stamp)
    {
        if (stamp.Length != 2 || Letters.IndexOf(char.ToLowerInvariant(stamp[0]), StringComparison.Ordinal) is not (>= 0 and var high) || Letters.IndexOf(char.ToLowerInvariant(stamp[1]), StringComparison.Ordinal) is not (>= 0 and var low))
        {
            return false;
        }

        return (Today - ((high * 32) + low) + DayRound) % DayRound <= LastingDays;
    }

    /// <summary>Over lower case: servers on the way may change the case of a local part.</summary>
    private string Hash(string text)
    {
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key.Span, Encoding.UTF8.GetBytes(text.ToLowerInvariant()), mac);
        var letters = new char[HashLetters];
        for (var i = 0; i < HashLetters; i++)
        {
            letters[i] = Letters[mac[i] % Letters.Length];
        }

        return new string(letters);
    }
}
