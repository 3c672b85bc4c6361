using System.Net;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Web.Shared;
using Microsoft.AspNetCore.Components;

namespace MailPlus.Web.SignIn;

/// <summary>Asks for name and password. A static page: a cookie cannot be set inside a live one.</summary>
public sealed partial class SignInPage
{
    private string _error = "";

    /// <summary>What the form sent.</summary>
    public sealed class Fields
    {
        /// <summary>Account name or any full address.</summary>
        public string Name { get; set; } = "";

        /// <summary>Password.</summary>
        public string Password { get; set; } = "";
    }

    [SupplyParameterFromForm]
    private Fields Form { get; set; } = default!;

    [SupplyParameterFromQuery]
    private string? ReturnUrl { get; set; }

    [SupplyParameterFromQuery]
    private bool Ended { get; set; }

    [CascadingParameter]
    private HttpContext Http { get; set; } = default!;

    [Inject]
    private IAuthenticator Authenticator { get; set; } = default!;

    [Inject]
    private WebSessions Sessions { get; set; } = default!;

    [Inject]
    private ISettingsSource Settings { get; set; } = default!;

    [Inject]
    private RefusalTexts Texts { get; set; } = default!;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    [Inject]
    private WebListeners Listeners { get; set; } = default!;

    private string Host => Settings.Current.Smtp.Hostname;

    /// <summary>A password never crosses a network in the clear (mail-rules 20).</summary>
    private bool MaySignIn => Http.Request.IsHttps || IsLoopback(Http.Connection.RemoteIpAddress);

    private string? SecureAddress => Listeners.SecureAddress(Http.Request);

    /// <inheritdoc/>
    protected override void OnInitialized()
    {
        Form ??= new();
        if (Http.User.Identity?.IsAuthenticated == true && HttpMethods.IsGet(Http.Request.Method) && !Ended)
        {
            Navigation.NavigateTo(LocalAddress.OrHome(ReturnUrl));
        }
    }

    private async Task SubmitAsync()
    {
        if (!MaySignIn)
        {
            return;
        }

        string home;
        try
        {
            var credential = new PasswordCredential(Form.Name.Trim(), Form.Password, "web", Http.Connection.RemoteIpAddress);
            var actor = await Authenticator.AuthenticateAsync(credential, Http.RequestAborted);
            var token = await Sessions.StartAsync(actor, Http.Connection.RemoteIpAddress, Http.Request.Headers.UserAgent.ToString(), Http.RequestAborted);
            SessionCookie.Write(Http, token);
            home = actor.IsAdministrator ? "/admin" : "/mail";
        }
        catch (RefusedException refused)
        {
            _error = refused.Refusal.Kind == RefusalKind.AuthenticationFailed ? L["Wrong"] : Texts.Of(refused.Refusal);
            return;
        }

        Navigation.NavigateTo(ReturnUrl is null ? home : LocalAddress.OrHome(ReturnUrl));
    }

    private static bool IsLoopback(IPAddress? address) =>
        address is not null && IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
}
