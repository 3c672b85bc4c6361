using System.Text;

namespace MailPlus.Tests.Fuzz;

/// <summary>Changes bytes at random but always the same way for the same seed, so that a failing case can be run again alone.</summary>
/// <param name="seed">Of the random numbers.</param>
/// <param name="words">Further words to put in.</param>
internal sealed class Mutator(int seed, IReadOnlyList<string>? words = null)
{
    private static readonly string[] Tokens =
    [
        "\r\n", "\n", "\r", "\r\n.\r\n", "\n.\n", "\0", "{0}", "{1}\r\n", "{4294967295}", "{99999999999999999999+}\r\n", "{3+}\r\nabc", "~{5}\r\n", "(", ")", "((((((((((", "\"", "\\", "*", "%",
        "<", ">", "<>", "@", ":", ",", "=", "+", "-1", "0", "4294967296", "18446744073709551616", "NIL", "1:*", "*:1", "1,2,3:4", "BODY[]<0.1>", "BODY[1.2.3.4.5.HEADER]",
        "\u00ff\u00fe", "\u00c3\u0028", "\u00ed\u0095\u009c\u00ea\u00b8\u0080", "&-", "&AAA", "=?utf-8?B?////?=", "\t", " ", "  ", "Content-Type: multipart/mixed; boundary=x\r\n", "--x\r\n", "--x--\r\n",
    ];

    private readonly Random _random = new(seed);

    public Random Random => _random;

    /// <summary>One to five changes.</summary>
    public byte[] Mutate(byte[] original)
    {
        var bytes = new List<byte>(original);
        for (var changes = _random.Next(1, 6); changes > 0; changes--)
        {
            Change(bytes);
        }

        return [.. bytes];
    }

    /// <summary>Changes the order or number of lines, or bytes inside some of them.</summary>
    public List<byte[]> Mutate(IReadOnlyList<byte[]> lines)
    {
        var result = lines.ToList();
        for (var changes = _random.Next(1, 5); changes > 0 && result.Count > 0; changes--)
        {
            var at = _random.Next(result.Count);
            switch (_random.Next(8))
            {
                case 0:
                    result.RemoveAt(at);
                    break;
                case 1:
                    result.Insert(at, result[_random.Next(result.Count)]);
                    break;
                case 2:
                    var other = _random.Next(result.Count);
                    (result[at], result[other]) = (result[other], result[at]);
                    break;
                default:
                    result[at] = Mutate(result[at]);
                    break;
            }
        }

        return result;
    }

    private void Change(List<byte> bytes)
    {
        var at = _random.Next(bytes.Count + 1);
        var length = Math.Min(_random.Next(1, 17), bytes.Count - at);
        switch (_random.Next(9))
        {
            case 0 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1 when at < bytes.Count:
                bytes[at] = (byte)_random.Next(256);
                break;
            case 2:
                bytes.RemoveRange(at, length);
                break;
            case 3:
                bytes.InsertRange(at, bytes.GetRange(at, length));
                break;
            case 4:
                var noise = new byte[_random.Next(1, 33)];
                _random.NextBytes(noise);
                bytes.InsertRange(at, noise);
                break;
            case 5: // far longer than any line may be, now and then
                bytes.InsertRange(at, Enumerable.Repeat((byte)_random.Next(256), _random.Next(20) == 0 ? 70_000 : _random.Next(1, 1_500)));
                break;
            case 6:
                bytes.RemoveRange(at, Math.Min(bytes.Count - at, _random.Next(1, 200)));
                break;
            case 7 when words is { Count: > 0 }:
                bytes.InsertRange(at, Encoding.UTF8.GetBytes(words[_random.Next(words.Count)]));
                break;
            default:
                bytes.InsertRange(at, Encoding.Latin1.GetBytes(Tokens[_random.Next(Tokens.Length)]));
                break;
        }
    }
}
