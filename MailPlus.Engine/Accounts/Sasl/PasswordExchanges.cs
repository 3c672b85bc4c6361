namespace MailPlus.Engine.Accounts.Sasl;

/// <summary>PLAIN (RFC 4616).</summary>
internal sealed class PlainExchange(IAuthenticator authenticator, SaslChannel channel) : SaslExchange
{
    public override async ValueTask<SaslStep> TakeAsync(byte[] response, CancellationToken cancellationToken)
    {
        var parts = SaslText.Read(response).Split('\0');
        if (parts.Length != 3 || parts[1].Length == 0)
        {
            throw new SaslSyntaxException();
        }

        SaslText.RequireSelf(parts[0], parts[1]);
        return new SaslStep(default, await authenticator.AuthenticateAsync(new PasswordCredential(parts[1], parts[2], channel.Protocol, channel.Client), cancellationToken));
    }
}

/// <summary>LOGIN: never specified beyond a draft; the prompts are what clients compare with.</summary>
internal sealed class LoginExchange(IAuthenticator authenticator, SaslChannel channel) : SaslExchange
{
    private static readonly byte[] AskName = "Username:"u8.ToArray();
    private static readonly byte[] AskPassword = "Password:"u8.ToArray();

    private string? _name;

    public override ReadOnlyMemory<byte> Opening => AskName;

    public override async ValueTask<SaslStep> TakeAsync(byte[] response, CancellationToken cancellationToken)
    {
        var text = SaslText.Read(response);
        if (_name is null)
        {
            _name = text;
            return new SaslStep(AskPassword);
        }

        return new SaslStep(default, await authenticator.AuthenticateAsync(new PasswordCredential(_name, text, channel.Protocol, channel.Client), cancellationToken));
    }
}
