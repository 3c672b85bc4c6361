using MailPlus.Tests.Fuzz.Inputs;
using Xunit;
using Xunit.Abstractions;

namespace MailPlus.Tests.Fuzz;

/// <summary>Each reader of octets from the network, by itself and therefore fast: no exception but its own, no hang, no memory out of proportion (docs/hostile.md).</summary>
public sealed class ReaderFuzzTests(ITestOutputHelper log)
{
    private const int QuickSeed = 1;
    private const int LongSeed = 50_000_000;

    private static readonly Dictionary<string, Func<Task<FuzzReader>>> Readers = new()
    {
        ["SMTP commands"] = () => Pure(new SmtpCommandReader()),
        ["SMTP data and lines"] = () => Pure(new SmtpDataReader()),
        ["SMTP XCLIENT"] = () => Pure(new XClientReader()),
        ["PROXY protocol"] = () => Pure(new ProxyProtocolReader()),
        ["IMAP commands"] = () => Pure(new ImapCommandReader()),
        ["IMAP compressed"] = () => Pure(new DeflateReader()),
        ["IMAP names and URLs"] = () => Pure(new ImapNameReader()),
        ["POP3"] = () => Pure(new PopReader()),
        ["SASL"] = SaslReader.MakeAsync,
        ["SMTP replies"] = () => Pure(new SmtpReplyReader()),
        ["SMTP servers"] = SmtpServerReader.MakeAsync,
        ["DNS answers"] = DnsReader.MakeAsync,
        ["SPF"] = () => Pure(new SpfReader()),
        ["DKIM, DMARC and MTA-STS records"] = () => Pure(new RecordReader()),
        ["signed messages"] = () => Pure(new SignedMessageReader()),
        ["messages"] = () => Pure(new MessageReader()),
        ["notifications"] = () => Pure(new NotificationReader()),
        ["Autodiscover"] = () => Pure(new AutodiscoverReader()),
        ["Sieve"] = () => Pure(new SieveReader()),
        ["ManageSieve"] = () => Pure(new ManageSieveReader()),
    };

    public static TheoryData<string> Names => [.. Readers.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public Task Mutated_input(string reader) => RunAsync(reader, QuickSeed, FuzzTime.QuickReaders / Readers.Count);

    [Theory]
    [Trait("Set", "Long")]
    [MemberData(nameof(Names))]
    public Task Mutated_input_for_long(string reader) => RunAsync(reader, LongSeed, FuzzTime.LongReaders / Readers.Count);

    private async Task RunAsync(string name, int firstSeed, TimeSpan time)
    {
        await using var reader = await Readers[name]();
        foreach (var seed in reader.Seeds)
        {
            await reader.ReadAsync(seed, new Random(0)); // what mutation begins with is fine
        }

        log.WriteLine($"{name}: {await FuzzDriver.RunAsync(reader, firstSeed, time)} inputs");
    }

    private static Task<FuzzReader> Pure(FuzzReader reader) => Task.FromResult(reader);
}
