const wt=require('threadport'); const {port1,port2}=new wt.MessageChannel(); const seen=[];
port2.on('message',v=>{ seen.push(v); if(seen.length===2){ const m=structuredClone(port2,{transfer:[port2]}); m.on('message',v=>{console.log('moved',v); if (v===5) m.close()}); } });
for(let i=0;i<6;i++) port1.postMessage(i);
