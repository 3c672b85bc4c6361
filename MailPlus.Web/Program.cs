using MailPlus.Web.CommandLine;

return await MailPlusProgram.RunAsync(args);
