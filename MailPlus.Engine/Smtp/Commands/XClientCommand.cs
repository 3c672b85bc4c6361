using System.Net;
using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Smtp.Server;
using MailPlus.Engine.Smtp.Wire;

namespace MailPlus.Engine.Smtp.Commands;

/// <summary>
/// XCLIENT, Postfix's extension: a trusted proxy says for which client it speaks, and the session begins anew as that client's. Anybody else hears 550, as if
/// there were nothing to be had.
/// </summary>
internal sealed class XClientCommand : SmtpCommand
{
    public override SmtpVerb Verb => SmtpVerb.XClient;

    public override SmtpStage Allowed => SmtpStage.Start | SmtpStage.Ready;

    public override bool BeforeTls => true;

    public override async ValueTask<SmtpReply?> RunAsync(SmtpSession session, string argument, CancellationToken aborted)
    {
        if (!session.IsFromProxy)
        {
            return SmtpReplies.NoProxy;
        }

        if (XClientAttributes.Parse(argument) is not { } client)
        {
            return SmtpReplies.BadParameter;
        }

        var connection = session.Connection;
        var remote = new IPEndPoint(AddressRanges.Plain(client.Address ?? connection.Remote.Address), client.Port ?? connection.Remote.Port);
        Actor? actor = null;
        if (client.Login is { Length: > 0 } login)
        {
            if (session.Door.SignInVouched is not { } signIn)
            {
                return SmtpReplies.NoProxy;
            }

            try
            {
                actor = await signIn(login, remote.Address, aborted);
            }
            catch (RefusedException refused)
            {
                return SmtpReplies.For(refused.Refusal, SmtpStep.Auth);
            }
        }

        connection.Readdress(remote, new IPEndPoint(AddressRanges.Plain(client.Destination ?? connection.Local.Address), client.DestinationPort ?? connection.Local.Port));
        await session.BeginForAsync(client, actor);
        return session.Enter() ?? session.Greeting;
    }
}
