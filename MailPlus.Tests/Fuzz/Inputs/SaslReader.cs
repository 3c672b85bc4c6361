using System.Net;
using System.Text;
using MailPlus.Engine.Accounts.Sasl;
using MailPlus.Tests.Support;

namespace MailPlus.Tests.Fuzz.Inputs;

/// <summary>Responses of every mechanism, to everything that is asked.</summary>
internal sealed class SaslReader : FuzzReader
{
    private const int MostChallenges = 8;

    private readonly SystemUnderTest _system;
    private readonly SaslMechanisms _mechanisms;

    private SaslReader(SystemUnderTest system)
    {
        _system = system;
        _mechanisms = new SaslMechanisms(system.Authenticator) { Gate = system.Gate, ScramSecret = new byte[32], Tokens = new NoToken() };
    }

    public override IReadOnlyList<byte[]> Seeds { get; } = Text(
        "n,,n=admin,r=fyko+d2lbbFgONRv9qkxdawL", "p=tls-server-end-point,,n=admin,r=abcdefgh", "y,a=admin,n=admin,r=abc", "c=biws,r=fyko+d2lbbFgONRv9qkxdawL,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "n,a=admin,\x01host=h\x01port=143\x01" + "auth=Bearer good\x01\x01", "user=admin\x01" + "auth=Bearer x\x01\x01", "admin\0nobody\0x", "\x01", "nobody@example.test", "n,,n=no=2Cbody=3D,r=x,m=ext");

    public override IReadOnlyList<string> Words { get; } = ["n,,", "=2C", "=3D", "=2X", ",r=", ",m=", "c=biws", "\x01", "p=", "auth=Bearer ", "\u00ad", "\u0130", "\ufffe", "\u0627\u0031"];

    public static async Task<FuzzReader> MakeAsync() => new SaslReader(await SystemUnderTest.SetUpAsync(lab: true));

    public override async ValueTask ReadAsync(byte[] input, Random random)
    {
        string[] names = ["SCRAM-SHA-256", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256-PLUS", "OAUTHBEARER", "XOAUTH2", "EXTERNAL", .. random.Next(20) == 0 ? new[] { "PLAIN", "LOGIN" } : []]; // passwords take long, as they should
        var name = names[random.Next(names.Length)];
        var channel = new SaslChannel("imap", IPAddress.Loopback) { IsProtected = true, EndPointBinding = new byte[32] };
        var asked = 0;
        var outcome = await _mechanisms.RunAsync(name, random.Next(4) == 0 ? null : Line(input), channel, Answer, default);
        Xunit.Assert.NotEqual(SaslEnd.SignedIn, outcome.End);
        Xunit.Assert.True(asked <= MostChallenges, $"{asked} challenges");

        ValueTask<string?> Answer(string challenge, CancellationToken cancellationToken)
        {
            asked++;
            var text = Encoding.UTF8.GetString(Convert.FromBase64String(challenge));
            var response = random.Next(3) switch
            {
                0 => input,
                1 => new Mutator(random.Next()).Mutate(Encoding.UTF8.GetBytes($"c=biws,{text.Split(',')[0]},p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")), // the nonce it said
                _ => Seeds[random.Next(Seeds.Count)],
            };
            return new ValueTask<string?>(random.Next(30) == 0 ? null : random.Next(30) == 0 ? Encoding.Latin1.GetString(input) : Line(response));
        }
    }

    public override ValueTask DisposeAsync() => _system.DisposeAsync();

    private static string Line(byte[] response) => response.Length == 0 ? "=" : Convert.ToBase64String(response);

    private sealed class NoToken : ITokenCheck
    {
        public bool IsConfigured => true;

        public ValueTask<string?> CheckAsync(string token, CancellationToken cancellationToken) => new(token == "good" ? "nobody@example.test" : null);
    }
}
